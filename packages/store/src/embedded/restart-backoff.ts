/** The back-off between attempts to restart the embedded PostgreSQL server. */
export type RestartBackoff = {
  /** Returns the wait before the next attempt, and counts that attempt as a failure. */
  nextMs(): number;
  /** Reports how long the server ran before it ended. A healthy run resets the failures. */
  ranFor(ms: number): void;
};

const FIRST_MS = 250;
export const LONGEST_MS = 10_000;
/** A shorter run counts as part of a crash loop and does not reset the failures. */
const HEALTHY_AFTER_MS = 60_000;

/** Exponential back-off with jitter and a maximum. The first attempt is immediate. */
export function restartBackoff(random: () => number): RestartBackoff {
  let failures = 0;
  return {
    nextMs() {
      const before = failures;
      failures += 1;
      if (before === 0) return 0;
      const most = Math.min(LONGEST_MS, FIRST_MS * 2 ** (before - 1));
      return most / 2 + (random() * most) / 2;
    },
    ranFor(ms) {
      if (ms >= HEALTHY_AFTER_MS) failures = 0;
    },
  };
}
