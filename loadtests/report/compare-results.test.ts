import { describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../../chaos/random.ts';
import { aDuration, aFactsFile } from '../testing/made-up-run.ts';
import { comparePeriods, compareRuns, observe, type Ratio, ratiosOf } from './compare-results.ts';
import { addTo, bucketOf, packed } from './histogram.ts';
import { comparisonTable, comparisonText } from './print-comparison.ts';
import type { Result } from './result.ts';

const WINDOWS = 60;
const CALLS = 40;

/** Autocorrelated windows, as in a real run: each keeps a part of the drift of the previous one. */
function histograms(random: Random, medianMs: number, windows = WINDOWS): ReadonlyMap<number, number>[] {
  let drift = 0;
  return Array.from({ length: windows }, () => {
    drift = 0.4 * drift + 0.1 * Math.log(aDuration(random, 1)) * 2;
    const histogram = new Map<number, number>();
    for (let call = 0; call < CALLS; call += 1)
      addTo(histogram, bucketOf(aDuration(random, medianMs * Math.exp(drift))));
    return histogram;
  });
}

const observed = (random: Random, medianMs: number) => histograms(random, medianMs).map((one) => observe(1, one));

function aResult(random: Random, medianMs: number): Result {
  const windows = Array.from({ length: WINDOWS }, (_, at) => ({
    from: at * 1_000,
    to: at * 1_000 + 1_000,
    purge: null,
    period: null,
  }));
  const counts = histograms(random, medianMs).map((one) => ({
    ok: CALLS,
    refused: 0,
    unknown: 0,
    shed: 0,
    okTimes: packed(one),
    refusedTimes: [],
  }));
  return {
    format: 2,
    facts: { ...aFactsFile(), urls: [], crashes: [] },
    windows,
    series: [{ name: 'lookup', arm: 'open', windows: counts }],
    resources: [],
    server: null,
    database: null,
    faults: [],
    droppedArrivals: 0,
    limits: [],
    proof: { calls: 0, promises: [], checkers: [], audit: null, notChecked: [], findings: [] },
  };
}

const of = (ratios: readonly Ratio[], what: Ratio['what']): Ratio => {
  const found = ratios.find((one) => one.what === what);
  if (found === undefined) throw new Error(`no ratio of ${what}`);
  return found;
};

describe('the confidence interval of a ratio', () => {
  test('contains the true ratio in about 95 of 100 runs', { timeout: 120_000 }, () => {
    const seeds = 120;
    const covered = { p50: 0, p95: 0, p99: 0 };
    for (let seed = 1; seed <= seeds; seed += 1) {
      const random = createRandom(seed);
      const ratios = ratiosOf('x', observed(random, 20), observed(random, 26), random);
      for (const what of ['p50', 'p95', 'p99'] as const) {
        const { low, high } = of(ratios, what).interval ?? { low: Infinity, high: -Infinity };
        // A percentile is the upper end of a bucket, so the true value may differ by half a bucket.
        if (low / 1.01 <= 1.3 && 1.3 <= high * 1.01) covered[what] += 1;
      }
    }
    for (const [what, count] of Object.entries(covered)) {
      expect(count / seeds, what).toBeGreaterThan(0.9);
      expect(count / seeds, what).toBeLessThan(1);
    }
  });

  test('is narrow enough to show a difference of 50 %', () => {
    const random = createRandom(11);
    const { interval } = of(ratiosOf('x', observed(random, 20), observed(random, 30), random), 'p50');
    expect(interval?.low).toBeGreaterThan(1.2);
    expect(interval?.high).toBeLessThan(1.8);
  });

  test('is omitted for too few windows', () => {
    const random = createRandom(3);
    const few = observed(random, 20).slice(0, 6);
    expect(of(ratiosOf('x', few, few, random), 'p50').interval).toBeUndefined();
  });
});

describe('a comparison of two runs', () => {
  test('reports no difference if the interval contains 1', () => {
    const random = createRandom(21);
    const { rows } = comparisonTable(compareRuns(aResult(random, 20), aResult(random, 20)));
    expect(rows.map((row) => row.at(-1))).toEqual(Array(4).fill('no difference shown'));
  });

  test('reports which run is slower, with the same result each time', () => {
    const random = createRandom(22);
    const [a, b] = [aResult(random, 20), aResult(random, 40)];
    expect(comparisonTable(compareRuns(a, b)).rows.map((row) => row.at(-1))).toEqual([
      'no difference shown',
      'slower',
      'slower',
      'slower',
    ]);
    expect(compareRuns(a, b)).toEqual(compareRuns(a, b));
    expect(comparisonTable(compareRuns(b, a)).rows[1]?.at(-1)).toBe('faster');
  });

  test('leaves out an operation with too few calls, and one that only one run has', () => {
    const a = aResult(createRandom(1), 20);
    const rare = {
      ...a,
      series: a.series.map((one) => ({
        ...one,
        windows: one.windows.map((counts, at) => ({ ...counts, okTimes: at < 39 ? [300, 1] : [] })),
      })),
    };
    expect(compareRuns(a, rare)).toEqual([]);
    expect(compareRuns(a, { ...a, series: [] })).toEqual([]);
    expect(comparisonText(a, rare).split('\n').slice(3)).toEqual([
      'Nothing to compare: no operation has 40 answered calls on both sides in the same arm.',
    ]);
  });

  test('names the arm of each row, and leaves out percentiles with too few calls', () => {
    const a = aResult(createRandom(1), 20);
    const short: Result = {
      ...a,
      series: a.series.map(({ name, windows }) => ({
        name,
        arm: 'closed',
        windows: windows.map((counts) => ({ ...counts, okTimes: [300, 1] })),
      })),
    };
    expect(compareRuns(short, short).map(({ of: row, what }) => [row, what])).toEqual([
      ['lookup, closed arm', 'throughput'],
      ['lookup, closed arm', 'p50'],
    ]);
    expect(comparisonText(short, short)).toContain('rows of the closed arm');
  });
});

test('compares periods with and without the purge worker in pairs, despite a drift over the run', () => {
  const random = createRandom(5);
  const base = aResult(random, 20);
  // Twelve periods of five windows. The run gets slower all the time, and by half with the worker.
  const period = (at: number) => Math.floor(at / 5);
  const isWith = (at: number) => period(at) % 4 === 1 || period(at) % 4 === 2;
  const counts = base.windows.map((_, at) => {
    const [histogram = new Map()] = histograms(createRandom(at), 20 * (1 + at / 30) * (isWith(at) ? 1.5 : 1), 1);
    return { ok: CALLS, refused: 0, unknown: 0, shed: 0, okTimes: packed(histogram), refusedTimes: [] };
  });
  const result: Result = {
    ...base,
    windows: base.windows.map((window, at) => ({ ...window, purge: isWith(at), period: period(at) })),
    series: [{ name: 'lookup', arm: 'open', windows: counts }],
  };
  const { ratio, interval } = of(comparePeriods(result), 'p50');
  expect(ratio).toBeGreaterThan(1.3);
  expect(ratio).toBeLessThan(1.75);
  expect(interval?.low).toBeGreaterThan(1);
});
