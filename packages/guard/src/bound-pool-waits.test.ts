import { expect, test } from 'vitest';
import { boundPoolWaits } from './bound-pool-waits.ts';

test.each([
  ['the defaults end before the deadline', {}, 5_000, [4_500, 4_500, 5_000]],
  ['a longer deadline leaves the defaults', {}, 20_000, [5_000, 5_000, 15_000]],
  ['a shorter deadline shortens them', {}, 600, [540, 540, 600]],
  ['shorter waits stay', { connectionTimeoutMs: 10, lockTimeoutMs: 20 }, 5_000, [10, 20, 5_000]],
  ['longer waits do not', { connectionTimeoutMs: 60_000, lockTimeoutMs: 60_000 }, 5_000, [4_500, 4_500, 5_000]],
  ['waits without an end get one', { connectionTimeoutMs: 0, lockTimeoutMs: 0 }, 5_000, [4_500, 4_500, 5_000]],
  ['no deadline makes a wait without an end', {}, 0, [1, 1, 1]],
])('%s', (_, given, deadlineMs, [connectionTimeoutMs, lockTimeoutMs, statementTimeoutMs]) => {
  expect(boundPoolWaits(given, deadlineMs)).toEqual({ connectionTimeoutMs, lockTimeoutMs, statementTimeoutMs });
});
