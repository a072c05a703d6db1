import { expect, test } from 'vitest';
import { createScript, rulesOf, verdictOf } from '../testing/planted.ts';
import { checkAnswers } from './answers.ts';

test('reports a 500 unexpected, but not a 503 backend_unavailable', () => {
  const op = createScript();
  const outage = op('turn', 0, { outcome: 'unknown', status: 503, code: 'backend_unavailable' });
  expect(rulesOf(verdictOf(checkAnswers(), [outage]))).toEqual([]);
  const unforeseen = op('turn', 0, { outcome: 'unknown', status: 500, code: 'unexpected' });
  expect(rulesOf(verdictOf(checkAnswers(), [unforeseen]))).toEqual(['unforeseen']);
});

test('reports a response that the API contract does not allow', () => {
  const op = createScript();
  const odd = op('turn', 0, { outcome: 'refused', status: 418, malformed: 'no problem document' });
  expect(rulesOf(verdictOf(checkAnswers(), [odd]))).toEqual(['malformed-answer']);
});
