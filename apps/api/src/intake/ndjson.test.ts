import { PhaselockError } from '@phaselock/core';
import { describe, expect, test } from 'vitest';
import { parseNdjson } from './ndjson.ts';

const options = { maxLines: 3, text: 'replace' } as const;
const refusal = (text: string): unknown => {
  try {
    return parseNdjson(text, options);
  } catch (error) {
    return error instanceof PhaselockError ? error.detail : error;
  }
};

describe('parseNdjson', () => {
  test('reads one value per line and ignores empty lines and carriage returns', () => {
    expect(parseNdjson('{"a":1}\r\n\n  \n[2]\n', options)).toEqual({ items: [{ a: 1 }, [2]], repaired: 0 });
    expect(parseNdjson('', options)).toEqual({ items: [], repaired: 0 });
  });

  test('counts a repaired line once, however many of its strings were repaired', () => {
    const text = '{"a":"\\u0000","b":"\\ud800"}\n{"a":"whole"}\n{"a":"\\u0000"}';
    expect(parseNdjson(text, options).repaired).toBe(2);
  });

  test.each([
    ['{"a":1}\n{"a"\n', 'line 2: not valid JSON'],
    ['\n\n{"a":1,"a":1}', 'line 3: a key occurs twice'],
    ['1\n2\n3\n4', 'at most 3 lines at once'],
  ])('refuses %j with "%s"', (text, detail) => {
    expect(refusal(text)).toBe(detail);
  });
});
