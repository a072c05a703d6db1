import { expect, test } from 'vitest';
import { boundPoolWaits } from './bound-pool-waits.ts';

test.each([
  ['limits the defaults to the deadline', {}, 5_000, [4_500, 4_500, 5_000]],
  ['keeps the defaults under a longer deadline', {}, 20_000, [5_000, 5_000, 15_000]],
  ['limits the defaults to a shorter deadline', {}, 600, [540, 540, 600]],
  ['keeps shorter time-outs', { connectionTimeoutMs: 10, lockTimeoutMs: 20 }, 5_000, [10, 20, 5_000]],
  ['limits longer time-outs', { connectionTimeoutMs: 60_000, lockTimeoutMs: 60_000 }, 5_000, [4_500, 4_500, 5_000]],
  ['limits infinite time-outs (0)', { connectionTimeoutMs: 0, lockTimeoutMs: 0 }, 5_000, [4_500, 4_500, 5_000]],
  ['returns no infinite time-out (0) for a deadline of 0', {}, 0, [1, 1, 1]],
])('%s', (_, given, deadlineMs, [connectionTimeoutMs, lockTimeoutMs, statementTimeoutMs]) => {
  expect(boundPoolWaits(given, deadlineMs)).toEqual({ connectionTimeoutMs, lockTimeoutMs, statementTimeoutMs });
});
