import { expect, test } from 'vitest';
import { urlUnlessEnded } from './url-unless-ended.ts';

const never = new Promise<void>(() => undefined);

test('returns undefined if a worker failed just before the signal reached the primary', async () => {
  const url = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<void>();
  const found = urlUnlessEnded(url.promise, ended.promise);
  url.reject(new Error('worker 1 ended before it was ready: SIGTERM'));
  setImmediate(() => setImmediate(ended.resolve));
  expect(await found).toBeUndefined();
});

test('rejects if a worker failed without a signal', async () => {
  await expect(urlUnlessEnded(Promise.reject(new Error('no port')), never)).rejects.toThrow('no port');
});

test('returns the URL once the workers are ready', async () => {
  expect(await urlUnlessEnded(Promise.resolve('http://127.0.0.1:1'), never)).toBe('http://127.0.0.1:1');
});
