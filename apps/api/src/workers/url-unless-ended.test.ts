import { expect, test } from 'vitest';
import { urlUnlessEnded } from './url-unless-ended.ts';

const never = new Promise<void>(() => undefined);

test('a worker that failed before its signal reached the primary is an end by that signal', async () => {
  const url = Promise.withResolvers<string>();
  const ended = Promise.withResolvers<void>();
  const found = urlUnlessEnded(url.promise, ended.promise);
  url.reject(new Error('worker 1 ended before it was ready: SIGTERM'));
  setImmediate(() => setImmediate(ended.resolve));
  expect(await found).toBeUndefined();
});

test('a worker that failed without any signal is a failure', async () => {
  await expect(urlUnlessEnded(Promise.reject(new Error('no port')), never)).rejects.toThrow('no port');
});

test('workers that answer are told of', async () => {
  expect(await urlUnlessEnded(Promise.resolve('http://127.0.0.1:1'), never)).toBe('http://127.0.0.1:1');
});
