import { expect, test } from 'vitest';
import { createWindowFinder } from './count-calls.ts';
import { windowsOfRun } from './windows-of-run.ts';

const PERIODS = [
  { at: 3_000, until: 33_000, purge: false },
  // The worker had finished its work long before the next period.
  { at: 33_200, until: 53_000, purge: true },
  { at: 63_000, until: 93_000, purge: true },
];

test('a time outside every period belongs to no period', () => {
  const windows = windowsOfRun(0, 100_000, PERIODS);
  const windowOf = createWindowFinder(windows);
  const periodAt = (at: number) => windows[windowOf(at)]?.period;
  expect([1_000, 33_100, 53_500, 62_900, 99_000].map(periodAt)).toEqual([null, null, null, null, null]);
  expect([3_000, 32_999, 33_200, 52_999, 63_000, 92_999].map(periodAt)).toEqual([0, 0, 1, 1, 2, 2]);
});

test('windows are contiguous, with and without periods', () => {
  for (const windows of [windowsOfRun(0, 100_000, PERIODS), windowsOfRun(0, 100_000, [])]) {
    expect(windows[0]?.from).toBe(0);
    expect(windows.at(-1)?.to).toBe(100_000);
    expect(windows.slice(1).map(({ from }) => from)).toEqual(windows.slice(0, -1).map(({ to }) => to));
  }
});
