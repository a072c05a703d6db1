/**
 * When an operation must have ended, and whether its caller still wants it. One bound is shared out: waiting may not use all of it, or nothing
 * would be left to write, or to tell the caller what it waited for in vain.
 */
export type Deadline = {
  /** For work and for the answer: until the end of the bound. */
  remainingMs(): number;
  /** For waiting (a lock, a turn in the queue, a connection, the pause before another try): what remains, less the reserve. */
  waitMs(): number;
  readonly signal: AbortSignal | undefined;
};

export type Clock = () => number;

const RESERVED_PART = 0.1;
const MAX_RESERVE_MS = 500;

/** How long the waits of an operation may last together: its whole bound, less the reserve for writing and answering. */
export const longestWaitMs = (boundMs: number): number => boundMs - Math.min(MAX_RESERVE_MS, boundMs * RESERVED_PART);

export function deadlineIn(ms: number, now: Clock, signal?: AbortSignal): Deadline {
  const since = now();
  const until = (boundMs: number): number => Math.max(0, since + boundMs - now());
  return { remainingMs: () => until(ms), waitMs: () => until(longestWaitMs(ms)), signal };
}
