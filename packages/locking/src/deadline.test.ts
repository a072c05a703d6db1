import { expect, test } from 'vitest';
import { deadlineIn, longestWaitMs, pausableDeadlineIn, soonerOf } from './deadline.ts';

test('the remaining time of a deadline falls to zero and stays there', () => {
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
])('longestWaitMs(%d) returns %d', (bound, longest) => {
  expect(longestWaitMs(bound)).toBe(longest);
});

test('the time for waiting ends while time remains for the answer', () => {
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

test('a deadline carries the abort signal of its caller', () => {
  const caller = new AbortController();
  const deadline = deadlineIn(100, () => 0, caller.signal);
  expect(deadline.signal?.aborted).toBe(false);
  caller.abort();
  expect(deadline.signal?.aborted).toBe(true);
});

test('notCounting() excludes the duration of its work, even if the work fails', async () => {
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

test('soonerOf() takes the earlier end of both deadlines and the signal of the first', () => {
  let at = 0;
  const now = (): number => at;
  const request = deadlineIn(1_000, now);
  at += 600;
  const { signal } = new AbortController();
  const operation = soonerOf(deadlineIn(1_000, now, signal), request);
  expect([operation.remainingMs(), operation.waitMs(), operation.signal]).toEqual([400, 300, signal]);
  expect(soonerOf(deadlineIn(100, now), request).remainingMs()).toBe(100);
});
