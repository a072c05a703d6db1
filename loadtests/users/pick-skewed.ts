/**
 * A place from 0 up to `count`, as boards are used: the first places are busy, and a long tail is hardly ever looked at. The logarithm of the
 * rank is uniform, which is Zipf's law with the exponent 1.
 */
export function pickSkewed(count: number, random: () => number): number {
  return Math.min(count - 1, Math.floor((count + 1) ** random()) - 1);
}
