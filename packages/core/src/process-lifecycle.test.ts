import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/process-lifecycle.json' with { type: 'json' };
import { type Row, readSection } from '../test/row.ts';
import { canEnd, PROCESS_ENDINGS, PROCESS_STATUSES } from './process-lifecycle.ts';

const readStep = (row: Row) => ({
  because: row.text('because'),
  from: row.oneOf('from', PROCESS_STATUSES),
  ending: row.oneOf('ending', PROCESS_ENDINGS),
});
const valid = readSection(vectors, 'valid', readStep);
const invalid = readSection(vectors, 'invalid', readStep);

describe('canEnd, allowed endings', () => {
  test.each(valid)('$because', ({ from, ending }) => expect(canEnd(from, ending)).toBe(true));
});

describe('canEnd, refused endings', () => {
  test.each(invalid)('$because', ({ from, ending }) => expect(canEnd(from, ending)).toBe(false));
});

test('the vectors contain every pair of process status and ending exactly once', () => {
  const pairs = PROCESS_STATUSES.flatMap((from) => PROCESS_ENDINGS.map((ending) => `${from} ${ending}`));
  expect([...valid, ...invalid].map(({ from, ending }) => `${from} ${ending}`).sort()).toEqual(pairs.sort());
});
