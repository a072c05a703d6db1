import { logBinomialDensity } from './binomial-density.ts';

const SMALLEST = 1e-300;
const CLOSE_ENOUGH = 1e-15;
const MOST_STEPS = 1_000_000;

/** P(X <= k) for X binomial of n trials at probability p. */
export function binomialAtMost(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  return regularizedBeta(n - k, k + 1, 1 - p, p);
}

/** P(X >= k) for X binomial of n trials at probability p. */
export function binomialAtLeast(k: number, n: number, p: number): number {
  if (k <= 0) return 1;
  if (k > n || p <= 0) return 0;
  if (p >= 1) return 1;
  return regularizedBeta(k, n - k + 1, p, 1 - p);
}

/** I_x(a, b) with whole a and b of at least 1 and y = 1 - x: P(X >= a) of a + b - 1 trials at x. */
function regularizedBeta(a: number, b: number, x: number, y: number): number {
  // If the fraction converges slowly, the other tail is computed.
  if (x > (a + 1) / (a + b + 2)) return 1 - lowerFraction(b, a, y, x);
  return lowerFraction(a, b, x, y);
}

function lowerFraction(a: number, b: number, x: number, y: number): number {
  const front = Math.exp(logBinomialDensity(a, a + b - 1, x, y)) * y;
  return front === 0 ? 0 : front * continuedFraction(a, b, x);
}

/**
 * The continued fraction of the incomplete beta function, by Lentz's method. It needs about as many steps as the square
 * root of the larger of a and b.
 */
function continuedFraction(a: number, b: number, x: number): number {
  const apart = (value: number): number => (Math.abs(value) < SMALLEST ? SMALLEST : value);
  let c = 1;
  let d = 1 / apart(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MOST_STEPS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / apart(1 + even * d);
    c = apart(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / apart(1 + odd * d);
    c = apart(1 + odd / c);
    const step = d * c;
    fraction *= step;
    if (Math.abs(step - 1) < CLOSE_ENOUGH) return fraction;
  }
  throw new RangeError(`the incomplete beta function did not converge at a = ${a}, b = ${b}, x = ${x}`);
}
