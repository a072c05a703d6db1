import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/phases.json' with { type: 'json' };
import { readSection } from '../test/row.ts';
import { MODES, PHASE_TITLES, PHASES, parsePhase } from './phase.ts';

const valid = readSection(vectors, 'valid', (row) => ({
  because: row.text('because'),
  name: row.text('name'),
  expected: { phase: row.oneOf('phase', PHASES), mode: row.oneOf('mode', MODES) },
}));
const invalid = readSection(vectors, 'invalid', (row) => ({ because: row.text('because'), name: row.text('name') }));

describe('parsePhase, phase names', () => {
  test.each(valid)('$because', ({ name, expected }) => expect(parsePhase(name)).toEqual(expected));
});

describe('parsePhase, names that are not a phase', () => {
  test.each(invalid)('$because', ({ name }) => expect(parsePhase(name)).toBeUndefined());
});

test.each(PHASES)('parsePhase maps the title of %s back to the phase', (phase) => {
  expect(parsePhase(PHASE_TITLES[phase])).toEqual({ phase, mode: 'standard' });
});
