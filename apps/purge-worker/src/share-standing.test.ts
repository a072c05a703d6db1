import { expect, test } from 'vitest';
import { shareStanding } from './share-standing.ts';

test('scrapes share one read, which is repeated only after some seconds', async () => {
  let clock = 0;
  let reads = 0;
  const standing = shareStanding({ read: async () => (reads += 1), now: () => clock, keptMs: 5_000 });
  expect(await Promise.all([standing(), standing(), standing()])).toEqual([1, 1, 1]);
  clock = 4_999;
  expect(await standing()).toBe(1);
  clock = 5_000;
  expect(await standing()).toBe(2);
});

test('returns undefined after a failed read, and does not repeat it at once', async () => {
  let clock = 0;
  let reads = 0;
  const standing = shareStanding({
    read: async () => {
      reads += 1;
      if (reads === 1) throw new Error('the database is away');
      return reads;
    },
    now: () => clock,
    keptMs: 5_000,
  });
  expect([await standing(), await standing(), reads]).toEqual([undefined, undefined, 1]);
  clock = 5_000;
  expect(await standing()).toBe(2);
});

test('returns undefined when the database does not respond in time, and starts no second read', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let reads = 0;
  const read = (): Promise<string> => {
    reads += 1;
    return promise;
  };
  const standing = shareStanding({ read, now: () => 0, patienceMs: 5 });
  expect([await standing(), await standing(), reads]).toEqual([undefined, undefined, 1]);
  resolve('answered after all');
  await promise;
  expect(await standing()).toBe('answered after all');
  expect(reads).toBe(1);
});
