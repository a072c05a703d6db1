/** An estimate of the database server’s clock, from the times in its answers. */
export type ServerClock = {
  /**
   * The server’s time in `ms` milliseconds: never too early, and at most one round trip too late. Null before the first
   * answer.
   */
  in(ms: number): number | null;
  /** The earliest possible current server time, minus an allowance for drift. Null before the first answer. */
  since(): number | null;
  /** Takes the server’s time from the answer to a statement that was sent at `sentAt`, by the local clock. */
  heard(serverMs: number, sentAt: number): void;
};

/** The most that two clocks of slightly different speed may drift apart between two answers. */
const DRIFT_MS = 1_000;

type Ahead = { readonly least: number; readonly most: number };

/**
 * Bounds the difference of the two clocks: an answer was made after `sentAt` and before it arrived. Each answer narrows
 * the bounds. An answer outside of them replaces them, because a clock was set or another server answered.
 */
export function serverClock(now: () => number): ServerClock {
  let known: Ahead | undefined;
  return {
    in: (ms) => (known === undefined ? null : now() + ms + known.most),
    since: () => (known === undefined ? null : now() + known.least - DRIFT_MS),
    heard(serverMs, sentAt) {
      const heard: Ahead = { least: serverMs - now(), most: serverMs - sentAt };
      known = (known && overlapOf(known, heard)) ?? heard;
    },
  };
}

function overlapOf(one: Ahead, other: Ahead): Ahead | undefined {
  const both = { least: Math.max(one.least, other.least), most: Math.min(one.most, other.most) };
  return both.least <= both.most ? both : undefined;
}
