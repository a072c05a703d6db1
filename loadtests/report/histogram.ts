/** The number of calls by bucket of their duration. Each bucket ends 2 % above the end of the previous bucket. */
export type Histogram = ReadonlyMap<number, number>;

const WIDTH = Math.log(1.02);
/** The upper end of bucket 0. */
const LEAST_MS = 0.01;

export const bucketOf = (ms: number): number =>
  Math.max(0, Math.ceil(Math.log(Math.max(ms, LEAST_MS) / LEAST_MS) / WIDTH));

/** The upper end of a bucket in ms: a percentile is never reported too low, and at most 2 % too high. */
export const msOf = (bucket: number): number => LEAST_MS * Math.exp(bucket * WIDTH);

export const addTo = (histogram: Map<number, number>, bucket: number, count = 1): void =>
  void histogram.set(bucket, (histogram.get(bucket) ?? 0) + count);

export const totalOf = (histogram: Histogram): number => [...histogram.values()].reduce((sum, count) => sum + count, 0);

export function merged(histograms: Iterable<Histogram>): Histogram {
  const all = new Map<number, number>();
  for (const histogram of histograms) for (const [bucket, count] of histogram) addTo(all, bucket, count);
  return all;
}

/**
 * The quantile `share` in ms. `over` is the number of further calls, such as unanswered ones, that count as slower than
 * every call of the histogram: Infinity if the quantile is among them. Undefined if there are no calls at all.
 */
export function quantileOf(histogram: Histogram, share: number, over = 0): number | undefined {
  const total = totalOf(histogram) + over;
  if (total === 0) return undefined;
  let left = Math.ceil(total * share);
  for (const [bucket, count] of [...histogram].toSorted(([one], [other]) => one - other)) {
    left -= count;
    if (left <= 0) return msOf(bucket);
  }
  return Infinity;
}

/** The stored form: pairs of the distance to the previous bucket and the count. */
export function packed(histogram: Histogram): number[] {
  let before = 0;
  return [...histogram]
    .toSorted(([one], [other]) => one - other)
    .flatMap(([bucket, count]) => {
      const gap = bucket - before;
      before = bucket;
      return [gap, count];
    });
}

export function unpacked(kept: readonly number[]): Histogram {
  const histogram = new Map<number, number>();
  let bucket = 0;
  for (let at = 0; at + 1 < kept.length; at += 2) {
    bucket += kept[at] ?? 0;
    addTo(histogram, bucket, kept[at + 1] ?? 0);
  }
  return histogram;
}
