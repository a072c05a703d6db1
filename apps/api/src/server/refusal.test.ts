import { ERRORS, PhaselockError } from '@phaselock/core';
import { expect, test } from 'vitest';
import { Refusal } from './refusal.ts';

test('a refusal has no stack frames, and an error that is made after it has them', () => {
  const refusal = new Refusal('session_moved_on', { question: 'replace' }, { detail: 'a detail', retryAfterMs: 1 });
  expect(refusal).toBeInstanceOf(PhaselockError);
  expect(refusal).toMatchObject({
    code: 'session_moved_on',
    message: ERRORS.session_moved_on.text,
    fields: { question: 'replace' },
    detail: 'a detail',
    retryAfterMs: 1,
  });
  expect(refusal.stack).not.toContain('\n');
  expect(new PhaselockError('unexpected').stack).toMatch(/\n {4}at /);
});
