import { expect, test } from 'vitest';
import { LONGEST_MS, restartBackoff } from './restart-backoff.ts';

test('the first try comes at once, later ones ever later, up to the bound', () => {
  const backoff = restartBackoff(() => 1);
  const waits = Array.from({ length: 9 }, () => backoff.nextMs());
  expect(waits).toEqual([0, 250, 500, 1_000, 2_000, 4_000, 8_000, LONGEST_MS, LONGEST_MS]);
});

test('no wait is shorter than half of its bound, so a server that ends at once is not started in a loop', () => {
  const backoff = restartBackoff(() => 0);
  const waits = Array.from({ length: 9 }, () => backoff.nextMs());
  expect(waits.slice(1)).toEqual([125, 250, 500, 1_000, 2_000, 4_000, LONGEST_MS / 2, LONGEST_MS / 2]);
});

test('a server that ran well before it ended is started at once, one in a crash loop is not', () => {
  const backoff = restartBackoff(() => 1);
  backoff.nextMs();
  backoff.ranFor(59_999);
  expect(backoff.nextMs()).toBe(250);
  backoff.ranFor(60_000);
  expect(backoff.nextMs()).toBe(0);
});
