import { expect, test } from 'vitest';
import { LONGEST_MS, restartBackoff } from './restart-backoff.ts';

test('the first retry is immediate, and the waits double up to the maximum', () => {
  const backoff = restartBackoff(() => 1);
  const waits = Array.from({ length: 9 }, () => backoff.nextMs());
  expect(waits).toEqual([0, 250, 500, 1_000, 2_000, 4_000, 8_000, LONGEST_MS, LONGEST_MS]);
});

test('a wait is at least half of its maximum, so that a failing server is not started in a tight loop', () => {
  const backoff = restartBackoff(() => 0);
  const waits = Array.from({ length: 9 }, () => backoff.nextMs());
  expect(waits.slice(1)).toEqual([125, 250, 500, 1_000, 2_000, 4_000, LONGEST_MS / 2, LONGEST_MS / 2]);
});

test('the back-off resets after a healthy run, but not in a crash loop', () => {
  const backoff = restartBackoff(() => 1);
  backoff.nextMs();
  backoff.ranFor(59_999);
  expect(backoff.nextMs()).toBe(250);
  backoff.ranFor(60_000);
  expect(backoff.nextMs()).toBe(0);
});
