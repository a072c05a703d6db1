/** The rates that are compared with the limit, as multiples of it, all with the same weight. */
const TIMES_THE_LIMIT = [1.25, 1.5, 2, 3, 5, 10, 20, 50];
const CERTAIN = 0.999;

/**
 * Evidence that the limit is exceeded, which may be checked after every event (an e-value). It is the mean, over rates
 * above the limit, of how much likelier the counts are at that rate than at the limit. At the limit it is a martingale
 * of mean 1; below the limit its mean only decreases. So by Ville's inequality the probability that it ever reaches
 * 1/alpha is at most alpha, however often it is checked.
 */
export function earlyEvidence(failures: number, n: number, limit: number): number {
  const logs = TIMES_THE_LIMIT.map((times) => Math.min(limit * times, CERTAIN))
    .filter((rate) => rate > limit)
    .map((rate) => failures * Math.log(rate / limit) + (n - failures) * (Math.log1p(-rate) - Math.log1p(-limit)));
  if (logs.length === 0) return 1;
  const largest = Math.max(...logs);
  return Math.exp(largest) * (logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
}
