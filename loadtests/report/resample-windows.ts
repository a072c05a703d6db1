import type { Random } from '../../chaos/random.ts';

/**
 * Draws the windows of one resample (circular block bootstrap). Neighbouring windows are correlated, so whole blocks
 * are drawn. The run is treated as a circle, so that its ends are drawn as often as its middle.
 */
export function resampleBlocks(count: number, blockLength: number, random: Random): number[] {
  const drawn: number[] = [];
  while (drawn.length < count) {
    const start = Math.floor(random() * count);
    for (let on = 0; on < blockLength && drawn.length < count; on += 1) drawn.push((start + on) % count);
  }
  return drawn;
}

/** The usual block length for this number of observations: its cube root. */
export const blockLengthFor = (count: number): number => Math.max(1, Math.round(count ** (1 / 3)));

export type Interval = { readonly low: number; readonly high: number };

export const RESAMPLES = 999;
const FEWEST_BLOCKS = 4;

/**
 * A 95 % percentile interval of the resampled values. With few blocks the resamples vary too little, so the percentiles
 * are moved outwards by the ratio of Student's to the normal distribution (Hesterberg's expanded percentile interval).
 */
export function intervalOf(resampled: readonly number[], blocks: number): Interval | undefined {
  const values = resampled.filter((value) => !Number.isNaN(value));
  if (blocks < FEWEST_BLOCKS || values.length < resampled.length * 0.9) return undefined;
  values.sort((one, other) => one - other);
  const tail = tailFor(blocks);
  const at = (share: number) =>
    values[Math.min(values.length - 1, Math.max(0, Math.round(share * (values.length - 1))))];
  const [low, high] = [at(tail), at(1 - tail)];
  return low === undefined || high === undefined ? undefined : { low, high };
}

/** The share of resamples to cut off at each end. */
function tailFor(blocks: number): number {
  const freedom = blocks - 1;
  const wider = Math.sqrt(blocks / freedom) * studentQuantile(freedom);
  return normalTail(wider);
}

/**
 * The 97.5 % quantile of Student's distribution by the Cornish-Fisher expansion, exact to three digits from three
 * degrees of freedom.
 */
function studentQuantile(freedom: number): number {
  const z = 1.959964;
  const [z3, z5, z7] = [z ** 3, z ** 5, z ** 7];
  return (
    z +
    (z3 + z) / (4 * freedom) +
    (5 * z5 + 16 * z3 + 3 * z) / (96 * freedom ** 2) +
    (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * freedom ** 3)
  );
}

/** Upper tail probability of the normal distribution; Abramowitz and Stegun 26.2.17. */
function normalTail(z: number): number {
  const t = 1 / (1 + 0.2316419 * z);
  const series = t * (0.31938153 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
  return (Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI)) * series;
}
