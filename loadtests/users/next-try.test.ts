import { expect, test } from 'vitest';
import { waitBeforeNextTry } from './next-try.ts';

const never = () => 0;
const most = () => 1;

test('a definite response is not retried', () => {
  expect(waitBeforeNextTry({ outcome: 'ok' }, 1, never)).toBeUndefined();
  expect(waitBeforeNextTry({ outcome: 'refused', code: 'session_moved_on' }, 1, never)).toBeUndefined();
  expect(waitBeforeNextTry({ outcome: 'refused', code: 'predecessor_stopping' }, 1, never)).toBeUndefined();
});

test('a lost response is retried with growing back-off, at most three times', () => {
  const waits = [1, 2, 3, 4].map((tried) => waitBeforeNextTry({ outcome: 'unknown', code: 'k6 1212' }, tried, never));
  expect(waits).toEqual([250, 500, 1_000, undefined]);
});

test('a retry waits for Retry-After plus jitter, at most 10 s', () => {
  const shed = { outcome: 'unknown', code: 'overloaded', retryAfterMs: 2_000 } as const;
  expect(waitBeforeNextTry(shed, 1, never)).toBe(2_000);
  expect(waitBeforeNextTry(shed, 1, most)).toBe(3_000);
  const limited = { outcome: 'refused', code: 'rate_limited', retryAfterMs: 60_000 } as const;
  expect(waitBeforeNextTry(limited, 1, never)).toBe(10_000);
});
