import { expect, test } from 'vitest';
import { isMediaType } from './media-type.ts';

test.each([
  ['application/json', true],
  ['Application/JSON', true],
  ['application/json; charset=utf-8', true],
  ['application/json;charset="UTF8"', true],
  [' application/json ; charset = utf-8 ', true],
  [undefined, false],
  ['', false],
  ['text/plain', false],
  ['application/jsonp', false],
  ['application/json, text/plain', false],
  ['application/json; charset=utf-16', false],
  ['application/json; charset=latin1', false],
  [`application/json${' '.repeat(10_000)}x`, false],
])('%j is accepted as application/json: %s', (header, expected) => {
  expect(isMediaType(header, 'application/json')).toBe(expected);
});
