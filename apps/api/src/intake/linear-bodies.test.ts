import { PhaselockError } from '@phaselock/core';
import { growth, QUADRUPLED_AT_MOST } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { parseNdjson } from './ndjson.ts';
import { parseStrictJson } from './strict-json.ts';

/** Builds a body of about `length` characters by repeating one unit. */
const filled = (before: string, unit: (index: number) => string, after: string) => (length: number) => {
  const units = [];
  for (let held = 0, index = 0; held < length; index += 1) {
    const text = unit(index);
    units.push(text);
    held += text.length + 1;
  }
  return `${before}${units.join(',')}${after}`;
};
const BODIES: readonly (readonly [string, (length: number) => string])[] = [
  ['keys', filled('{', (index) => `"k${index}":0`, '}')],
  ['escaped keys', filled('{', (index) => `"\\u006b${index}":0`, '}')],
  ['one key in many objects', filled('[', () => '{"a":0}', ']')],
  ['numbers', filled('[', () => '0', ']')],
  ['digits', (length) => '1'.repeat(length)],
  ['opening brackets', (length) => '['.repeat(length)],
  ['nested brackets', filled('[', () => '[[[[]]]]', ']')],
  ['escapes', (length) => `"${'\\\\'.repeat(length / 2)}"`],
  ['quotes', (length) => '"'.repeat(length)],
  ['an unterminated string', (length) => `"${'a'.repeat(length)}`],
  ['lone surrogates', (length) => `"${'\\ud83d'.repeat(length / 6)}"`],
  ['spaces', (length) => ' '.repeat(length)],
];

const UNBOUNDED = { maxEntries: Number.MAX_SAFE_INTEGER, maxKeys: Number.MAX_SAFE_INTEGER };

const anyway = (work: () => unknown) => (): void => {
  try {
    work();
  } catch (error) {
    if (!(error instanceof PhaselockError)) throw error;
  }
};

describe('the time to parse a body grows at most linearly', () => {
  test.each(BODIES)('for a JSON body of %s', (_, body) => {
    const reading = growth((length) => {
      const text = body(length);
      return anyway(() => parseStrictJson(text, { text: 'replace', ...UNBOUNDED }));
    });
    expect(reading).toBeLessThan(QUADRUPLED_AT_MOST);
  });

  test.each<[string, (length: number) => string]>([
    ['empty lines', (length) => '\n'.repeat(length)],
    ['short lines', (length) => '{"line":"x"}\n'.repeat(length / 13)],
    ['one long line', (length) => `{"line":"${'x'.repeat(length)}"}`],
    ['lines of spaces', (length) => `${' '.repeat(99)}\n`.repeat(length / 100)],
    ['broken lines', (length) => '{"line"\n'.repeat(length / 8)],
    ['carriage returns', (length) => '\r'.repeat(length)],
  ])('for an NDJSON body of %s', (_, body) => {
    const reading = growth((length) => {
      const text = body(length);
      return anyway(() => parseNdjson(text, { maxLines: Number.MAX_SAFE_INTEGER, text: 'replace' }));
    });
    expect(reading).toBeLessThan(QUADRUPLED_AT_MOST);
  });
});

describe('the entries of a list and the keys of an object are bounded before a schema visits them', () => {
  const list = (count: number): string => `[${'0,'.repeat(count - 1)}0]`;
  const object = (count: number): string =>
    JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, index) => [`k${index}`, 0])));

  test.each([
    [list, 10_000, 'body: more than 10000 entries in one list'],
    [object, 128, 'body: more than 128 keys in one object'],
  ])('%o: accepts %i and refuses one more with "%s"', (body, most, detail) => {
    expect(() => parseStrictJson(body(most))).not.toThrow();
    expect(() => parseStrictJson(body(most + 1))).toThrow(expect.objectContaining({ code: 'invalid_request', detail }));
    // The bounds are for each list or object, because a bulk request contains many of them.
    expect(() => parseStrictJson(`[${body(most)},${body(most)}]`)).not.toThrow();
  });
});
