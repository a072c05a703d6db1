import { describe, expect, test } from 'vitest';
import { visibleLines, visibleText } from './visible-text.ts';

describe('untrusted text printed on a terminal', () => {
  test.each([
    ['\u001b[2J\u001b[31mvalid', '\\u{1b}[2J\\u{1b}[31mvalid'],
    ['\u009b31m', '\\u{9b}31m'],
    ['ok\rrevoked', 'ok\\u{d}revoked'],
    ['one\ntwo\tthree', 'one\\u{a}two\\u{9}three'],
    ['\u001b]0;title\u0007', '\\u{1b}]0;title\\u{7}'],
    ['\u202egnp.exe\u202c', '\\u{202e}gnp.exe\\u{202c}'],
    ['\u2066a\u2069\u200f\u061c', '\\u{2066}a\\u{2069}\\u{200f}\\u{61c}'],
    ['ad\u200bmin\ufeff', 'ad\\u{200b}min\\u{feff}'],
    ['a\u2028b\u{e0041}', 'a\\u{2028}b\\u{e0041}'],
    ['half \ud83d', 'half \\u{d83d}'],
    ['Zoë 🔑 плюс 鍵 \u0627', 'Zoë 🔑 плюс 鍵 \u0627'],
  ])('%j is printed as %j', (text, printed) => {
    expect(visibleText(text)).toBe(printed);
  });

  test('visibleLines keeps line feeds and escapes every other control character', () => {
    expect(visibleLines('a\r\nb\u001b\n')).toBe('a\\u{d}\nb\\u{1b}\n');
  });
});
