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

export const deadlineIn = (ms: number, now: Clock, signal?: AbortSignal): Deadline =>
  deadlineSince({ now, since: now(), notCountedMs: () => 0, signal }, ms);

export type PausableDeadline = Deadline & {
  /** What somebody else takes their time for, such as a body that is still arriving, is not counted. */
  notCounting<T>(work: () => Promise<T>): Promise<T>;
};

export function pausableDeadlineIn(ms: number, now: Clock): PausableDeadline {
  let notCounted = 0;
  const deadline = deadlineSince({ now, since: now(), notCountedMs: () => notCounted, signal: undefined }, ms);
  return {
    ...deadline,
    async notCounting(work) {
      const since = now();
      try {
        return await work();
      } finally {
        notCounted += now() - since;
      }
    },
  };
}

/** Whichever ends first, for an operation within another one's time. */
export const soonerOf = (one: Deadline, other: Deadline): Deadline => ({
  remainingMs: () => Math.min(one.remainingMs(), other.remainingMs()),
  waitMs: () => Math.min(one.waitMs(), other.waitMs()),
  signal: one.signal ?? other.signal,
});

type Counting = {
  readonly now: Clock;
  readonly since: number;
  readonly notCountedMs: () => number;
  readonly signal: AbortSignal | undefined;
};

function deadlineSince({ now, since, notCountedMs, signal }: Counting, ms: number): Deadline {
  const until = (boundMs: number): number => Math.max(0, since + boundMs + notCountedMs() - now());
  return { remainingMs: () => until(ms), waitMs: () => until(longestWaitMs(ms)), signal };
}
