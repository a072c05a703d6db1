/**
 * A random index below `count` with a skewed distribution: the first indexes are frequent, and a long tail is rare. The
 * logarithm of the rank is uniform, which is Zipf's law with exponent 1.
 */
export function pickSkewed(count: number, random: () => number): number {
  return Math.min(count - 1, Math.floor((count + 1) ** random()) - 1);
}
