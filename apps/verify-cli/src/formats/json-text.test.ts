import { expect, test } from 'vitest';
import { jsonText } from './json-text.ts';

test.each([
  ['\u001b[2J\u0007', '"\\u001b[2J\\u0007"'],
  ['\u007f\u009b31m', '"\\u007f\\u009b31m"'],
  ['\u202egnp\u2066\u200f\u061c', '"\\u202egnp\\u2066\\u200f\\u061c"'],
  ['a\u2028b\ufeff\u{e0041}', '"a\\u2028b\\ufeff\\udb40\\udc41"'],
  ['half \ud83d', '"half \\ud83d"'],
  ['Zoë 🔑 плюс 鍵', '"Zoë 🔑 плюс 鍵"'],
])('%j is written as %s, and parsed as before', (text, written) => {
  expect(jsonText(text)).toBe(written);
  expect(JSON.parse(jsonText({ [text]: text }, 2))).toEqual({ [text]: text });
});
