import { describe, expect, test } from 'vitest';
import { lowerBound, upperBound } from './binomial-bounds.ts';
import { logBinomialDensity } from './binomial-density.ts';
import { binomialAtLeast, binomialAtMost } from './binomial-tail.ts';
import { earlyEvidence } from './early-evidence.ts';
import { leastSize, plannedSize } from './planned-size.ts';
import { worseThanControl } from './worse-than-control.ts';

/** Reference with sums of exact whole numbers: slow, but correct by definition. */
function exactAtMost(k: number, n: number, numerator: bigint, denominator: bigint): number {
  let sum = 0n;
  let choose = 1n;
  for (let i = 0; i <= k; i += 1) {
    sum += choose * numerator ** BigInt(i) * (denominator - numerator) ** BigInt(n - i);
    choose = (choose * BigInt(n - i)) / BigInt(i + 1);
  }
  const scale = 10n ** 30n;
  return Number((sum * scale) / denominator ** BigInt(n)) / 1e30;
}

describe('the binomial tail', () => {
  test.each([
    [0, 1, 1n, 2n],
    [3, 10, 1n, 10n],
    [9, 10, 9n, 10n],
    [0, 299, 1n, 100n],
    [5, 1049, 1n, 100n],
    [20, 400, 1n, 20n],
    [250, 500, 1n, 2n],
    [40, 300, 1n, 20n],
  ])('gives the exact probability of at most %i of %i', (k, n, numerator, denominator) => {
    const p = Number(numerator) / Number(denominator);
    const exact = exactAtMost(k, n, numerator, denominator);
    expect(binomialAtMost(k, n, p) / exact).toBeCloseTo(1, 11);
    expect(binomialAtLeast(k + 1, n, p)).toBeCloseTo(1 - exact, 12);
  });

  test('has two tails that add up to 1 for a hundred million trials', () => {
    for (const k of [990_000, 1_000_000, 1_001_636, 1_010_000])
      expect(binomialAtMost(k, 1e8, 0.01) + binomialAtLeast(k + 1, 1e8, 0.01)).toBeCloseTo(1, 10);
    // Edgeworth: the normal distribution with the corrections for continuity and skew.
    const deviation = Math.sqrt(1e8 * 0.01 * 0.99);
    const expected = 0.5 + (0.5 / deviation + (1 - 2 * 0.01) / (6 * deviation)) / Math.sqrt(2 * Math.PI);
    expect(binomialAtMost(1_000_000, 1e8, 0.01)).toBeCloseTo(expected, 7);
  });
});

describe('the bounds of Clopper and Pearson', () => {
  test('are those published', () => {
    // The rule of three, and Table 1 of Clopper and Pearson (1934) for 2 of 10 at 95 % two-sided, which is 97.5 %
    // one-sided.
    expect(upperBound(0, 100, 0.95)).toBeCloseTo(0.029513, 6);
    expect(upperBound(2, 10, 0.975)).toBeCloseTo(0.5561, 4);
    expect(lowerBound(2, 10, 0.975)).toBeCloseTo(0.0252, 4);
    expect(upperBound(0, 10, 0.95)).toBeCloseTo(1 - 0.05 ** 0.1, 14);
  });

  test('are 0 and 1 without trials, and the upper one is 1 if all failed', () => {
    expect([lowerBound(0, 0, 0.95), upperBound(0, 0, 0.95), upperBound(7, 7, 0.95)]).toEqual([0, 1, 1]);
  });

  test('are close to the rate for a hundred million trials', () => {
    const upper = upperBound(1_000_000, 1e8, 0.95);
    const lower = lowerBound(1_000_000, 1e8, 0.95);
    // 1.645 standard errors
    expect((upper - 0.01) / 1e-5).toBeCloseTo(1.645 * Math.sqrt(0.99), 1);
    expect((0.01 - lower) / 1e-5).toBeCloseTo(1.645 * Math.sqrt(0.99), 1);
  });

  test.each([
    [0, 299],
    [1, 473],
    [2, 628],
    [3, 773],
    [4, 913],
    [5, 1049],
    [10, 1693],
    [20, 2902],
  ])('prove a success rate > 99 %% with %i failures from %i events on', (failures, n) => {
    expect(leastSize(failures, 0.01, 0.95)).toBe(n);
    expect(upperBound(failures, n, 0.95)).toBeLessThan(0.01);
    expect(upperBound(failures, n - 1, 0.95)).toBeGreaterThanOrEqual(0.01);
  });

  test.each([
    [0, 59],
    [1, 93],
    [2, 124],
    [3, 153],
    [4, 181],
    [5, 208],
  ])('prove a p95 with %i slow observations from %i observations on', (failures, n) => {
    expect(leastSize(failures, 0.05, 0.95)).toBe(n);
  });
});

describe('the planned size', () => {
  const plan = { limit: 0.01, confidence: 0.95, power: 0.8 };

  test('the smallest possible size has too little power', () => {
    expect(binomialAtMost(0, 299, 0.002)).toBeCloseTo(0.55, 2);
    expect(binomialAtMost(0, 299, 0.005)).toBeCloseTo(0.22, 2);
    expect(binomialAtMost(12, 2_000, 0.005)).toBeCloseTo(0.79, 2);
  });

  test.each([0.001, 0.002, 0.005, 0.008])('has its power from there on, at an assumed rate of %d', (assumed) => {
    const { n, allowed } = plannedSize({ ...plan, assumed });
    expect(upperBound(allowed, n, 0.95)).toBeLessThan(0.01);
    for (let size = n; size < n * 1.5; size += Math.ceil(n / 97)) {
      let most = allowed;
      while (binomialAtMost(most + 1, size, 0.01) < 0.05) most += 1;
      expect(binomialAtMost(most, size, assumed)).toBeGreaterThanOrEqual(0.8);
    }
  });

  test('is 773 for 0.2 % against 1 %: from 628 on 2 failures are allowed, but too few at 772', () => {
    expect(binomialAtMost(2, 628, 0.002)).toBeGreaterThan(0.8);
    expect(binomialAtMost(2, 772, 0.002)).toBeLessThan(0.8);
    expect(plannedSize({ ...plan, assumed: 0.002 })).toEqual({ n: 773, allowed: 3 });
  });
});

describe('treatment against control', () => {
  test("has the results of Fisher's tea test: 3 of 4 against 1 of 4, and 4 of 4 against none", () => {
    expect(worseThanControl({ failures: 3, n: 4 }, { failures: 1, n: 4 })).toBeCloseTo(17 / 70, 12);
    expect(worseThanControl({ failures: 4, n: 4 }, { failures: 0, n: 4 })).toBeCloseTo(1 / 70, 12);
    expect(worseThanControl({ failures: 1, n: 4 }, { failures: 3, n: 4 })).toBeCloseTo(69 / 70, 12);
  });

  test('matches direct counting for every table of 9 against 7', () => {
    const choose = (n: number, k: number): number => (k === 0 ? 1 : (choose(n - 1, k - 1) * n) / k);
    for (let a = 0; a <= 9; a += 1)
      for (let b = 0; b <= 7; b += 1) {
        let sum = 0;
        for (let x = a; x <= Math.min(9, a + b); x += 1) if (a + b - x <= 7) sum += choose(9, x) * choose(7, a + b - x);
        expect(worseThanControl({ failures: a, n: 9 }, { failures: b, n: 7 })).toBeCloseTo(sum / choose(16, a + b), 12);
      }
  });

  test('finds a doubled rate in large groups, but no difference between equal rates', () => {
    expect(worseThanControl({ failures: 50_000, n: 5e6 }, { failures: 950_000, n: 95e6 })).toBeCloseTo(0.5, 2);
    expect(worseThanControl({ failures: 1_000, n: 1e5 }, { failures: 10_000, n: 2e6 })).toBeLessThan(1e-10);
  });

  test('is null without a control', () => {
    expect(worseThanControl({ failures: 1, n: 2 }, { failures: 0, n: 0 })).toBeNull();
  });
});

describe('early evidence', () => {
  test('has the mean 1 over all outcomes at the limit', () => {
    let mean = 0;
    for (let k = 0; k <= 200; k += 1) {
      mean += Math.exp(logBinomialDensity(k, 200, 0.05, 0.95)) * earlyEvidence(k, 200, 0.05);
    }
    expect(mean).toBeCloseTo(1, 6);
  });

  test('is 1 without events, large for many failures, and Infinity if it exceeds the range', () => {
    expect(earlyEvidence(0, 0, 0.01)).toBe(1);
    expect(earlyEvidence(20, 100, 0.01)).toBeGreaterThan(1e10);
    expect(earlyEvidence(5e6, 1e8, 0.01)).toBe(Number.POSITIVE_INFINITY);
    expect(earlyEvidence(0, 1e8, 0.01)).toBe(0);
  });
});
