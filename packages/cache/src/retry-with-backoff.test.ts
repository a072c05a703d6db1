import { expect, it, vi } from 'vitest';
import { backoffMs, retryWithBackoff } from './retry-with-backoff.ts';

function setUp(failures: number) {
  const slept: number[] = [];
  const onRetry = vi.fn();
  let left = failures;
  const attempt = vi.fn(async () => {
    left -= 1;
    if (left >= 0) throw new Error('refused');
  });
  const stopping = new AbortController();
  const sleep = async (ms: number): Promise<void> => void slept.push(ms);
  const retry = () =>
    retryWithBackoff(attempt, { retries: 3, baseMs: 100, sleep, random: () => 1, signal: stopping.signal, onRetry });
  return { retry, attempt, onRetry, slept, stopping };
}

it('a failed attempt is retried up to three times, each after twice the time', async () => {
  const { retry, attempt, onRetry, slept } = setUp(3);
  expect(await retry()).toBe(true);
  expect(attempt).toHaveBeenCalledTimes(4);
  expect(onRetry).toHaveBeenCalledTimes(3);
  expect(slept).toEqual([100, 200, 400]);
});

it('retryWithBackoff returns false after the last retry', async () => {
  const { retry, attempt } = setUp(9);
  expect(await retry()).toBe(false);
  expect(attempt).toHaveBeenCalledTimes(4);
});

it('only one attempt is made once the signal has aborted', async () => {
  const { retry, attempt, stopping } = setUp(9);
  stopping.abort();
  expect(await retry()).toBe(false);
  expect(attempt).toHaveBeenCalledOnce();
});

it('backoffMs returns between half and all of the growing time, up to a limit', () => {
  expect([
    backoffMs(0, () => 0, 100, 1_000),
    backoffMs(2, () => 1, 100, 1_000),
    backoffMs(30, () => 1, 100, 1_000),
  ]).toEqual([50, 400, 1_000]);
});
