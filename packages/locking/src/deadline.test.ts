import { expect, test } from 'vitest';
import { deadlineIn } from './deadline.ts';

test('a deadline runs down to nothing and stays there', () => {
  let now = 1_000;
  const deadline = deadlineIn(100, () => now);
  expect(deadline.remainingMs()).toBe(100);
  now = 1_060;
  expect(deadline.remainingMs()).toBe(40);
  now = 9_999;
  expect(deadline.remainingMs()).toBe(0);
});

test('a deadline carries whether its caller still wants the answer', () => {
  const caller = new AbortController();
  const deadline = deadlineIn(100, () => 0, caller.signal);
  expect(deadline.signal?.aborted).toBe(false);
  caller.abort();
  expect(deadline.signal?.aborted).toBe(true);
});
