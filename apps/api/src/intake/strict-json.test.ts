import { PhaselockError } from '@phaselock/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseStrictJson } from './strict-json.ts';

const refusal = (text: string, options = {}): string => {
  try {
    parseStrictJson(text, options);
  } catch (error) {
    if (error instanceof PhaselockError) return error.detail ?? '';
    throw error;
  }
  return 'taken';
};

const nested = (depth: number, open: string, close: string): string => open.repeat(depth) + close.repeat(depth);

describe('what two readers could understand in two ways is refused', () => {
  test.each([
    ['', 'body: not valid JSON'],
    ['{', 'body: not valid JSON'],
    ['{"a":1,}', 'body: not valid JSON'],
    ["{'a':1}", 'body: not valid JSON'],
    ['NaN', 'body: not valid JSON'],
    ['[1] [2]', 'body: not valid JSON'],
    ['\ufeff{}', 'body: not valid JSON'],
    ['{"a":1,"a":2}', 'body: a key is there twice'],
    ['{"a":1,"\\u0061":2}', 'body: a key is there twice'],
    ['[{"b":{"c":1,"c":1}}]', 'body: a key is there twice'],
    ['{"__proto__":{"admin":true}}', 'body: a key that is not allowed'],
    ['{"\\u005f_proto__":1}', 'body: a key that is not allowed'],
    ['{"a":{"constructor":{"prototype":1}}}', 'body: a key that is not allowed'],
    ['{"a\\u0000":1}', 'body: a key holds NUL or half a character'],
    ['{"\\ud800":1}', 'body: a key holds NUL or half a character'],
    ['"a\\u0000b"', 'body: a text holds NUL or half a character'],
    ['["\\udc00"]', 'body: a text holds NUL or half a character'],
    ['1e999', 'body: a number is too large'],
    ['{"a":-1e400}', 'body: a number is too large'],
    [nested(33, '[', ']'), 'body: nested deeper than 32'],
    [nested(100_000, '[', ']'), 'body: nested deeper than 32'],
    ['{"a":'.repeat(10_000), 'body: nested deeper than 32'],
  ])('%j', (text, detail) => {
    expect(refusal(text)).toBe(detail);
  });

  test('and the answer never repeats what was sent', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, unit: 'binary' }), (secret) => {
        expect(refusal(`{"password":"${secret}`)).not.toContain(secret);
      }),
    );
  });
});

describe('everything else is read', () => {
  test.each([
    nested(32, '[', ']'),
    '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '["}{",",","\\\\"]',
    ' \n\t{"a" : [ ] }\r\n',
    '"\\ud83d\\ude00"',
    '-0',
  ])('%s', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  test('as JSON.parse reads it, where it may be read at all', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const outcome = refusal(text);
        if (outcome !== 'taken') expect(outcome).toMatch(/^body: a (key|text|number)/);
        else expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('whatever the bytes are, it reads or refuses, and does nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0a1 tru\u0000e-'), maxLength: 40 }), (text) => {
        expect(refusal(text)).toMatch(/^(taken|body: .+)$/);
      }),
      { numRuns: 5_000 },
    );
  });

  test('no key reaches a prototype', () => {
    const read = parseStrictJson('{"toString":"x","hasOwnProperty":1}');
    expect(Object.keys(Object(read))).toEqual(['toString', 'hasOwnProperty']);
    expect(Reflect.get({}, 'x')).toBeUndefined();
  });
});

describe('where a text is kept whatever is in it', () => {
  test('what cannot be stored becomes a replacement character, and is told', () => {
    let replaced = 0;
    const read = parseStrictJson('{"line":"a\\u0000b\\ud800","other":"whole"}', {
      text: 'replace',
      replaced: () => {
        replaced += 1;
      },
    });
    expect(read).toEqual({ line: 'a\ufffdb\ufffd', other: 'whole' });
    expect(replaced).toBe(1);
  });
});
