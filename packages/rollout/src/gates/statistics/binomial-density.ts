/**
 * Binomial and hypergeometric densities after Loader, "Fast and Accurate Computation of Binomial Probabilities" (2000).
 * Sums of differences of log-gammas lose all digits at n = 10^8; this form keeps about thirteen.
 */
const HALF_LOG_TWO_PI = 0.5 * Math.log(2 * Math.PI);
const EXACT_UP_TO = 15;

/** log(n!) minus its approximation by Stirling's formula. */
function stirlingError(n: number): number {
  if (n === 0) return 0;
  if (n <= EXACT_UP_TO) {
    let logFactorial = 0;
    for (let factor = 2; factor <= n; factor += 1) logFactorial += Math.log(factor);
    return logFactorial - (n + 0.5) * Math.log(n) + n - HALF_LOG_TWO_PI;
  }
  const square = n * n;
  return (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - 1 / 1188 / square) / square) / square) / square) / n;
}

/** x log(x / mean) + mean - x, without the loss of digits when both are nearly the same. */
function deviance(x: number, mean: number): number {
  if (Math.abs(x - mean) >= 0.1 * (x + mean)) return x * Math.log(x / mean) + mean - x;
  const v = (x - mean) / (x + mean);
  let sum = (x - mean) * v;
  let term = 2 * x * v;
  for (let j = 1; ; j += 1) {
    term *= v * v;
    const next = sum + term / (2 * j + 1);
    if (next === sum) return next;
    sum = next;
  }
}

/** log P(X = k) for X binomial of n trials at probability p = 1 - q, with 0 < p < 1. */
export function logBinomialDensity(k: number, n: number, p: number, q: number): number {
  if (k < 0 || k > n) return Number.NEGATIVE_INFINITY;
  if (k === 0) return n * (p < q ? Math.log1p(-p) : Math.log(q));
  if (k === n) return n * (q < p ? Math.log1p(-q) : Math.log(p));
  const log = stirlingError(n) - stirlingError(k) - stirlingError(n - k) - deviance(k, n * p) - deviance(n - k, n * q);
  return log + 0.5 * (Math.log(n) - Math.log(k) - Math.log(n - k)) - HALF_LOG_TWO_PI;
}
