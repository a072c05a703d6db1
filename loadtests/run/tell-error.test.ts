import { freePort } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { tellError } from './tell-error.ts';

test('tellError names the address of a failed request', async () => {
  const port = await freePort();
  const error = await fetch(`http://127.0.0.1:${port}/`).catch((failure: unknown) => failure);
  expect(tellError(error)).toBe(`fetch failed: connect ECONNREFUSED 127.0.0.1:${port}`);
});

test('tellError uses the first cause of an error without a message, and joins lines', () => {
  expect(tellError(new AggregateError([new Error('first'), new Error('second')]))).toBe('first');
  expect(tellError(new Error('one\n  two'))).toBe('one two');
  expect(tellError('text')).toBe('text');
});
