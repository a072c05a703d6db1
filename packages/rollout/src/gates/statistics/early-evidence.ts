/** How many times the limit the rates are that the limit is weighed against, each with the same weight. */
const TIMES_THE_LIMIT = [1.25, 1.5, 2, 3, 5, 10, 20, 50];
const CERTAIN = 0.999;

/**
 * Evidence that the limit is exceeded, which may be looked at after every event: the mean, over rates above the limit, of how much likelier
 * the counts are at that rate than at the limit. At the limit it is a martingale of mean 1, below the limit its mean only falls, so by Ville's
 * inequality it ever reaches 1 / alpha with a probability of at most alpha, however often and whenever it is looked at.
 */
export function earlyEvidence(failures: number, n: number, limit: number): number {
  const logs = TIMES_THE_LIMIT.map((times) => Math.min(limit * times, CERTAIN))
    .filter((rate) => rate > limit)
    .map((rate) => failures * Math.log(rate / limit) + (n - failures) * (Math.log1p(-rate) - Math.log1p(-limit)));
  if (logs.length === 0) return 1;
  const largest = Math.max(...logs);
  return Math.exp(largest) * (logs.reduce((sum, log) => sum + Math.exp(log - largest), 0) / logs.length);
}
