import { expect, test } from 'vitest';
import { nameOfAnswer } from './name-of-answer.ts';

test('a start is named by its response: a question or a start', () => {
  expect(nameOfAnswer('start', false, 'replace_confirmation_required')).toBe('question');
  expect(nameOfAnswer('start', false, 'keep_or_replace_required')).toBe('question');
  expect(nameOfAnswer('question', true, undefined)).toBe('start');
});

test('other calls keep their names', () => {
  expect(nameOfAnswer('start', false, 'overloaded')).toBe('start');
  expect(nameOfAnswer('question', false, 'overloaded')).toBe('question');
  expect(nameOfAnswer('replace', true, undefined)).toBe('replace');
  expect(nameOfAnswer('stale-replace', false, 'replace_confirmation_required')).toBe('stale-replace');
});
