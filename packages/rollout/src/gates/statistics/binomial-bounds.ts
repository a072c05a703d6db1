import { binomialAtLeast, binomialAtMost } from './binomial-tail.ts';

const MOST_HALVINGS = 200;

/** One-sided upper bound of Clopper and Pearson: the largest rate at which so few failures are still likely enough. */
export function upperBound(failures: number, n: number, confidence: number): number {
  if (failures >= n) return 1;
  return halve(failures / n, 1, (rate) => binomialAtMost(failures, n, rate) > 1 - confidence);
}

/** One-sided lower bound: the smallest rate at which so many failures are still likely enough. */
export function lowerBound(failures: number, n: number, confidence: number): number {
  if (failures <= 0) return 0;
  return halve(0, failures / n, (rate) => binomialAtLeast(failures, n, rate) <= 1 - confidence);
}

/** Bisection: the value between both at which `isBelow` ends. */
function halve(low: number, high: number, isBelow: (value: number) => boolean): number {
  let [from, to] = [low, high];
  for (let step = 0; step < MOST_HALVINGS; step += 1) {
    const middle = (from + to) / 2;
    if (middle === from || middle === to) break;
    if (isBelow(middle)) from = middle;
    else to = middle;
  }
  return (from + to) / 2;
}
