import type { Size } from '../../stages/stages.ts';
import { binomialAtMost } from './binomial-tail.ts';

export type Plan = {
  /** The limit to be proven. */
  readonly limit: number;
  /** The rate that a healthy cohort is assumed to have. */
  readonly assumed: number;
  readonly confidence: number;
  readonly power: number;
};

/**
 * The size from which on a cohort at the assumed rate passes with at least this power. The power decreases between the
 * sizes at which one more failure is allowed, so it is required at the end of such a range: a bake that ends with some
 * more events than planned has it too.
 */
export function plannedSize({ limit, assumed, confidence, power }: Plan): Size {
  const suffices = (allowed: number): boolean =>
    binomialAtMost(allowed, leastSize(allowed + 1, limit, confidence) - 1, assumed) >= power;
  const allowed = firstWhole(suffices);
  return { n: leastSize(allowed, limit, confidence), allowed };
}

/** The smallest number of events that proves the limit with so many failures among them. */
export const leastSize = (failures: number, limit: number, confidence: number): number =>
  firstWhole((n) => n > failures && binomialAtMost(failures, n, limit) < 1 - confidence);

/** The smallest whole number for which a condition is true, if it stays true for larger ones. */
function firstWhole(isTrue: (value: number) => boolean): number {
  let high = 1;
  if (isTrue(0)) return 0;
  while (!isTrue(high)) high *= 2;
  let low = Math.floor(high / 2);
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (isTrue(middle)) high = middle;
    else low = middle;
  }
  return high;
}
