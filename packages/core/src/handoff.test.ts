import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/handoffs.json' with { type: 'json' };
import { type Row, readSection } from '../test/row.ts';
import { checkHandoff, type HandoffProblem } from './handoff.ts';

const PROBLEMS: readonly HandoffProblem[] = ['empty', 'too-long', 'not-storable', 'nothing-replaced'];

const readHandoff = (row: Row) => ({
  because: row.text('because'),
  handoff: { summary: row.textOrCodeUnits('summary').repeat(row.number('times')) },
  replaces: row.flag('replaces'),
});

describe('checkHandoff, accepted summaries', () => {
  test.each(readSection(vectors, 'valid', readHandoff))('$because', ({ handoff, replaces }) => {
    expect(checkHandoff(handoff, replaces)).toBeUndefined();
  });
});

describe('checkHandoff, refused summaries', () => {
  const rows = readSection(vectors, 'invalid', (row) => ({
    ...readHandoff(row),
    problem: row.oneOf('problem', PROBLEMS),
  }));
  test.each(rows)('$because', ({ handoff, replaces, problem }) =>
    expect(checkHandoff(handoff, replaces)).toBe(problem),
  );
});
