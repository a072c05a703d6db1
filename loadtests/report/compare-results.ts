import { createRandom, type Random } from '../../chaos/random.ts';
import { type Histogram, merged, msOf, totalOf, unpacked } from './histogram.ts';
import { blockLengthFor, type Interval, intervalOf, RESAMPLES, resampleBlocks } from './resample-windows.ts';
import type { Result, Series } from './result.ts';

export type Ratio = {
  readonly of: string;
  readonly what: 'throughput' | 'p50' | 'p95' | 'p99';
  readonly a: number;
  readonly b: number;
  readonly ratio: number;
  /** Undefined if there are too few windows. */
  readonly interval: Interval | undefined;
};

/** One window of one operation, in a form that resampling can add up quickly. */
export type Observed = {
  readonly seconds: number;
  readonly answered: number;
  /** The bucket of the first count. */
  readonly first: number;
  readonly counts: Float64Array;
};

/** Least number of answered calls in each run, so that a few lie above the percentile. */
const FEWEST_CALLS = { throughput: 40, p50: 40, p95: 100, p99: 200 } as const;
const MEASURES = ['throughput', 'p50', 'p95', 'p99'] as const;
/** Enough buckets for durations of up to two hours. */
const BUCKETS = 1_024;
const SEED = 20_261_121;

/** Ratios B/A for each operation and arm with enough calls in both runs. */
export function compareRuns(a: Result, b: Result, seed = SEED): Ratio[] {
  return a.series.flatMap((ofA) => {
    const ofB = b.series.find(({ name, arm }) => name === ofA.name && arm === ofA.arm);
    if (ofB === undefined) return [];
    return ratiosOf(labelOf(ofA), observedIn(a, ofA), observedIn(b, ofB), createRandom(seed));
  });
}

/**
 * Ratios of one run, with the purge worker over without it. Its periods form pairs and whole pairs are resampled, so
 * that a drift over the run affects both sides.
 */
export function comparePeriods(result: Result, seed = SEED): Ratio[] {
  const pairs = pairsOf(result.windows);
  return result.series.flatMap((series) => {
    const observed = observedIn(result, series);
    const split = pairs.map((pair) => ({
      a: pair.without.flatMap((at) => observed[at] ?? []),
      b: pair.with.flatMap((at) => observed[at] ?? []),
    }));
    const random = createRandom(seed);
    const draw = () => {
      const drawn = resampleBlocks(split.length, 1, random).flatMap((at) => split[at] ?? []);
      return { a: drawn.flatMap((pair) => pair.a), b: drawn.flatMap((pair) => pair.b) };
    };
    const all = { a: split.flatMap((pair) => pair.a), b: split.flatMap((pair) => pair.b) };
    return ratios(labelOf(series), all, draw, split.length);
  });
}

const labelOf = ({ name, arm }: Series): string => `${name}, ${arm} arm`;

export function ratiosOf(of: string, a: readonly Observed[], b: readonly Observed[], random: Random): Ratio[] {
  const drawn = (from: readonly Observed[]) =>
    resampleBlocks(from.length, blockLengthFor(from.length), random).flatMap((at) => from[at] ?? []);
  const fewest = Math.min(a.length, b.length);
  return ratios(of, { a, b }, () => ({ a: drawn(a), b: drawn(b) }), Math.floor(fewest / blockLengthFor(fewest)));
}

type Both = { readonly a: readonly Observed[]; readonly b: readonly Observed[] };

function ratios(of: string, both: Both, draw: () => Both, blocks: number): Ratio[] {
  const answeredIn = (from: readonly Observed[]) => from.reduce((sum, { answered }) => sum + answered, 0);
  const fewest = Math.min(answeredIn(both.a), answeredIn(both.b));
  const measures = MEASURES.filter((what) => fewest >= FEWEST_CALLS[what]);
  if (measures.length === 0) return [];
  const [a, b] = [measure(both.a), measure(both.b)];
  // One set of resamples for all measures, so that their intervals are consistent.
  const samples = Array.from({ length: RESAMPLES }, () => {
    const one = draw();
    return { a: measure(one.a), b: measure(one.b) };
  });
  return measures.map((what) => {
    const values = samples.map((one) => one.b[what] / one.a[what]);
    // A resample without any call has no percentile; then there are too few windows for an interval.
    const interval = values.every(Number.isFinite) ? intervalOf(values, blocks) : undefined;
    return { of, what, a: a[what], b: b[what], ratio: b[what] / a[what], interval };
  });
}

type Measures = Readonly<Record<Ratio['what'], number>>;

function measure(windows: readonly Observed[]): Measures {
  const sums = new Float64Array(BUCKETS);
  let [answered, seconds, least, most] = [0, 0, BUCKETS, 0];
  for (const window of windows) {
    answered += window.answered;
    seconds += window.seconds;
    least = Math.min(least, window.first);
    most = Math.max(most, window.first + window.counts.length);
    for (let at = 0; at < window.counts.length; at += 1)
      sums[window.first + at] = (sums[window.first + at] ?? 0) + (window.counts[at] ?? 0);
  }
  const quantile = (share: number): number => {
    let left = Math.ceil(answered * share);
    for (let bucket = least; bucket < most; bucket += 1) {
      left -= sums[bucket] ?? 0;
      if (left <= 0) return msOf(bucket);
    }
    return Number.NaN;
  };
  return { throughput: answered / seconds, p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99) };
}

const answersOf = (counts: Series['windows'][number] | undefined): Histogram =>
  merged([unpacked(counts?.okTimes ?? []), unpacked(counts?.refusedTimes ?? [])]);

function observedIn({ windows }: Result, { windows: counts }: Series): Observed[] {
  return windows.map(({ from, to }, at) => observe((to - from) / 1_000, answersOf(counts[at])));
}

/** Stores the counts in an array, because a comparison adds them up a hundred thousand times. */
export function observe(seconds: number, histogram: Histogram): Observed {
  const buckets = [...histogram.keys()].map((bucket) => Math.min(bucket, BUCKETS - 1));
  const first = buckets.length === 0 ? 0 : Math.min(...buckets);
  const counts = new Float64Array(buckets.length === 0 ? 0 : Math.max(...buckets) - first + 1);
  for (const [bucket, count] of histogram) counts[Math.min(bucket, BUCKETS - 1) - first] = count;
  return { seconds, answered: totalOf(histogram), first, counts };
}

type Pair = { readonly with: readonly number[]; readonly without: readonly number[] };

/** Groups the windows by pairs of periods, one period of each pair with the worker. */
function pairsOf(windows: Result['windows']): Pair[] {
  const numbered = windows.flatMap(({ purge, period }, at) => (period === null ? [] : [{ purge, period, at }]));
  return [...Map.groupBy(numbered, ({ period }) => Math.floor(period / 2)).values()]
    .map((pair) => ({
      with: pair.filter(({ purge }) => purge === true).map(({ at }) => at),
      without: pair.filter(({ purge }) => purge === false).map(({ at }) => at),
    }))
    .filter((pair) => pair.with.length > 0 && pair.without.length > 0);
}
