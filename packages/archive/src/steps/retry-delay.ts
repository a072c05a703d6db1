/** After the first failure, the second and the third; after a fourth it is dead. */
export const RETRY_MINUTES = [1, 5, 15] as const;
const SECONDS_A_MINUTE = 60;
/** Up to this much later, so that what failed together does not come back together. */
const JITTER = 0.2;

/** How long to wait before the next try, given how often it failed before this time; null for never again. */
export function retryDelaySeconds(failedBefore: number, random: () => number): number | null {
  const minutes = RETRY_MINUTES[failedBefore];
  return minutes === undefined ? null : minutes * SECONDS_A_MINUTE * (1 + JITTER * random());
}
