import { expect, test } from 'vitest';
import { deadlineIn, longestWaitMs } from './deadline.ts';

test('a deadline runs down to nothing and stays there', () => {
  let now = 1_000;
  const deadline = deadlineIn(100, () => now);
  expect(deadline.remainingMs()).toBe(100);
  now = 1_060;
  expect(deadline.remainingMs()).toBe(40);
  now = 9_999;
  expect(deadline.remainingMs()).toBe(0);
});

test.each([
  [5_000, 4_500],
  [60_000, 59_500],
  [600, 540],
  [0, 0],
])('of %d ms, %d may be waited away', (bound, longest) => {
  expect(longestWaitMs(bound)).toBe(longest);
});

test('waiting ends while there is time left for the answer', () => {
  let now = 1_000;
  const deadline = deadlineIn(100, () => now);
  expect(deadline.waitMs()).toBe(90);
  now = 1_060;
  expect(deadline.waitMs()).toBe(30);
  now = 1_090;
  expect([deadline.waitMs(), deadline.remainingMs()]).toEqual([0, 10]);
  now = 9_999;
  expect(deadline.waitMs()).toBe(0);
});

test('a deadline carries whether its caller still wants the answer', () => {
  const caller = new AbortController();
  const deadline = deadlineIn(100, () => 0, caller.signal);
  expect(deadline.signal?.aborted).toBe(false);
  caller.abort();
  expect(deadline.signal?.aborted).toBe(true);
});
