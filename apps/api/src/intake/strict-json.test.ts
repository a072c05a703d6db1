import { PhaselockError } from '@phaselock/core';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
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

describe('parseStrictJson refuses invalid and ambiguous input', () => {
  test.each([
    ['', 'body: not valid JSON'],
    ['{', 'body: not valid JSON'],
    ['{"a":1,}', 'body: not valid JSON'],
    ["{'a':1}", 'body: not valid JSON'],
    ['NaN', 'body: not valid JSON'],
    ['[1] [2]', 'body: not valid JSON'],
    ['\ufeff{}', 'body: not valid JSON'],
    ['{"a":1,"a":2}', 'body: a key occurs twice'],
    ['{"a":1,"\\u0061":2}', 'body: a key occurs twice'],
    ['[{"b":{"c":1,"c":1}}]', 'body: a key occurs twice'],
    ['{"\\"":1,"\\u0022":2}', 'body: a key occurs twice'],
    ['{"a\\\\":1,"a\\u005c":2}', 'body: a key occurs twice'],
    ['{"\\u00zz":1}', 'body: not valid JSON'],
    ['{"a\nb":1}', 'body: not valid JSON'],
    ['{"a', 'body: not valid JSON'],
    ['{"a\\', 'body: not valid JSON'],
    ['{"__proto__":{"admin":true}}', 'body: a key that is not allowed'],
    ['{"\\u005f_proto__":1}', 'body: a key that is not allowed'],
    ['{"a":{"constructor":{"prototype":1}}}', 'body: a key that is not allowed'],
    ['{"a\\u0000":1}', 'body: a key contains NUL or a lone surrogate'],
    ['{"\\ud800":1}', 'body: a key contains NUL or a lone surrogate'],
    ['"a\\u0000b"', 'body: a text contains NUL or a lone surrogate'],
    ['["\\udc00"]', 'body: a text contains NUL or a lone surrogate'],
    ['1e999', 'body: a number is too large'],
    ['{"a":-1e400}', 'body: a number is too large'],
    [nested(33, '[', ']'), 'body: nested deeper than 32'],
    [nested(100_000, '[', ']'), 'body: nested deeper than 32'],
    ['{"a":'.repeat(10_000), 'body: nested deeper than 32'],
  ])('%j', (text, detail) => {
    expect(refusal(text)).toBe(detail);
  });

  test('without repeating the input in the error', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 12, unit: 'binary' }), (secret) => {
        expect(refusal(`{"password":"${secret}`)).not.toContain(secret);
      }),
    );
  });
});

describe('parseStrictJson', () => {
  test.each([
    nested(32, '[', ']'),
    '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
    '{"a":"{\\"a\\":1,\\"a\\":2}"}',
    '["}{",",","\\\\"]',
    ' \n\t{"a" : [ ] }\r\n',
    '"\\ud83d\\ude00"',
    '-0',
  ])('reads %s as JSON.parse does', (text) => {
    expect(parseStrictJson(text)).toEqual(JSON.parse(text));
  });

  test('reads any JSON as JSON.parse does, or refuses it by a rule of its own', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const outcome = refusal(text);
        if (outcome !== 'taken') expect(outcome).toMatch(/^body: a (key|text|number)/);
        else expect(parseStrictJson(text)).toEqual(JSON.parse(text));
      }),
      { numRuns: 2_000 },
    );
  });

  test('reads any text or refuses it with a body error', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'{}[]",:\\u0a1 tru\u0000e-'), maxLength: 40 }), (text) => {
        expect(refusal(text)).toMatch(/^(taken|body: .+)$/);
      }),
      { numRuns: 5_000 },
    );
  });

  test('parses a key without an escape once, with the whole text', () => {
    const parse = vi.spyOn(JSON, 'parse');
    const times = (text: string): number => {
      parse.mockClear();
      parseStrictJson(text);
      return parse.mock.calls.length;
    };
    try {
      expect(times('{"a":{"b":[{"c":1},{"c":2}]},"é":"\\u0061"}')).toBe(1);
      expect(times('{"a":1,"\\u0062":2}')).toBe(2);
    } finally {
      parse.mockRestore();
    }
  });

  test('does not set a prototype through a key', () => {
    const read = parseStrictJson('{"toString":"x","hasOwnProperty":1}');
    expect(Object.keys(Object(read))).toEqual(['toString', 'hasOwnProperty']);
    expect(Reflect.get({}, 'x')).toBeUndefined();
  });
});

describe('parseStrictJson with text: replace', () => {
  test('replaces characters that cannot be stored by U+FFFD and reports each repaired string', () => {
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
