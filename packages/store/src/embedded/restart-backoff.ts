/** How long to wait before the next try to start the server again. */
export type RestartBackoff = {
  /** The wait before the next try, which counts as a failure until it is told otherwise. */
  nextMs(): number;
  /** The server ran for this long before it ended. */
  ranFor(ms: number): void;
};

const FIRST_MS = 250;
export const LONGEST_MS = 10_000;
/** A server that lasts for less is in a crash loop: its start counts as one more failure. */
const HEALTHY_AFTER_MS = 60_000;

/** At once the first time, then ever later, up to a bound, and never the same for two processes. */
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
