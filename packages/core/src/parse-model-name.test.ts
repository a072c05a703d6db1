import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/model-names.json' with { type: 'json' };
import { anyModelName } from '../test/arbitraries.ts';
import { readSection } from '../test/row.ts';
import { parseModelName } from './parse-model-name.ts';

const valid = readSection(vectors, 'valid', (row) => ({
  because: row.text('because'),
  name: row.text('name'),
  expect: row.row('expect').flat(),
}));
const invalid = readSection(vectors, 'invalid', (row) => ({ because: row.text('because'), name: row.text('name') }));
const equivalent = readSection(vectors, 'equivalent', (row) => ({
  because: row.text('because'),
  names: row.texts('names'),
}));

describe('names that follow a known scheme', () => {
  test.each(valid)('$because ($name)', ({ name, expect: expected }) => {
    expect(parseModelName(name)).toEqual(expected);
  });
});

describe('a name without a known scheme becomes its own family', () => {
  test.each(invalid)('$because ($name)', ({ name }) => {
    expect(parseModelName(name)).toEqual({
      provider: null,
      family: name,
      major: null,
      minor: null,
      release: null,
      contextWindow: null,
      moving: parseModelName(name).moving && name === '',
    });
  });
});

describe('spellings that parse to the same model', () => {
  test.each(equivalent)('$because', ({ names }) => {
    const [first, ...others] = names.map((name) => ({ ...parseModelName(name), provider: null }));
    for (const other of others) expect(other).toEqual(first);
  });
});

describe('parseModelName, for any name', () => {
  test('never fails, and returns a minor version only together with a major version', () => {
    fc.assert(
      fc.property(anyModelName, (name) => {
        const { major, minor } = parseModelName(name);
        expect(minor === null).toBe(major === null);
      }),
    );
  });

  test('ignores case and surrounding white space', () => {
    fc.assert(
      fc.property(fc.constantFrom(...valid.map(({ name }) => name)), (name) => {
        expect(parseModelName(`  ${name.toUpperCase()}\n`)).toEqual(parseModelName(name));
      }),
    );
  });

  test('parses a name of 100 000 characters', () => {
    expect(parseModelName(`claude-${'4-'.repeat(50_000)}`).major).toBe(4);
  });
});
