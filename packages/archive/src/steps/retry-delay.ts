/** Delays after the first, second and third failure. After the fourth failure the session is a dead letter. */
export const RETRY_MINUTES = [1, 5, 15] as const;
const SECONDS_A_MINUTE = 60;
/** Each delay is lengthened by up to this fraction, so that simultaneous failures are not retried simultaneously. */
const JITTER = 0.2;

/** Delay before the next retry, given the number of earlier failures; null when there is no further retry. */
export function retryDelaySeconds(failedBefore: number, random: () => number): number | null {
  const minutes = RETRY_MINUTES[failedBefore];
  return minutes === undefined ? null : minutes * SECONDS_A_MINUTE * (1 + JITTER * random());
}
