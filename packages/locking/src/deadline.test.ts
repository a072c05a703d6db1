import { expect, test } from 'vitest';
import { deadlineIn, longestWaitMs, pausableDeadlineIn, soonerOf } from './deadline.ts';

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

test('what somebody else takes their time for is not counted, also when it fails', async () => {
  let at = 0;
  const deadline = pausableDeadlineIn(1_000, () => at);
  const pass = async (ms: number): Promise<void> => {
    at += ms;
  };
  await pass(300);
  await deadline.notCounting(() => pass(10_000));
  await deadline
    .notCounting(async () => {
      await pass(5_000);
      throw new Error('gone');
    })
    .catch(() => undefined);
  expect([deadline.remainingMs(), deadline.waitMs()]).toEqual([700, 600]);
});

test('within the time of a caller an operation ends with whichever ends first, and hears of its own caller', () => {
  let at = 0;
  const now = (): number => at;
  const request = deadlineIn(1_000, now);
  at += 600;
  const { signal } = new AbortController();
  const operation = soonerOf(deadlineIn(1_000, now, signal), request);
  expect([operation.remainingMs(), operation.waitMs(), operation.signal]).toEqual([400, 300, signal]);
  expect(soonerOf(deadlineIn(100, now), request).remainingMs()).toBe(100);
});
