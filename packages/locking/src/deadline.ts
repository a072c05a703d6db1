/**
 * The time limit of an operation, and the abort signal of its caller. Waiting may not use all of the time, so that some
 * is left to write the change or to report a time-out.
 */
export type Deadline = {
  /** The time left for work and for the answer. */
  remainingMs(): number;
  /** The time left for waiting (for a lock, a queue, a connection or a retry): what remains, less the reserve. */
  waitMs(): number;
  readonly signal: AbortSignal | undefined;
};

export type Clock = () => number;

const RESERVED_PART = 0.1;
const MAX_RESERVE_MS = 500;

/** The total time that an operation may wait: its time limit less the reserve for writing and answering. */
export const longestWaitMs = (boundMs: number): number => boundMs - Math.min(MAX_RESERVE_MS, boundMs * RESERVED_PART);

export const deadlineIn = (ms: number, now: Clock, signal?: AbortSignal): Deadline =>
  deadlineSince({ now, since: now(), notCountedMs: () => 0, signal }, ms);

export type PausableDeadline = Deadline & {
  /** Excludes the duration of the work from the time limit, such as the time until a request body has arrived. */
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

/** The earlier of two deadlines, for an operation within another operation. */
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
