import { describe, expect, test } from 'vitest';
import {
  formatSigningKey,
  formatVerifyingKey,
  newSigningKey,
  openNote,
  parseSigningKey,
  parseVerifyingKey,
  signNote,
  verifyingKeyOf,
} from './signed-note.ts';

/** The example of golang.org/x/mod/sumdb/note, a program in another language. */
const PETER_PUBLIC = 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW';
const PETER_PRIVATE = 'PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz';
const TEXT =
  'If you think cryptography is the answer to your problem,\nthen you don’t know what your problem is.\n'.replace(
    '’',
    "'",
  );
const NOTE = `${TEXT}\n— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n`;

const peter = () => {
  const [signing, verifying] = [parseSigningKey(PETER_PRIVATE), parseVerifyingKey(PETER_PUBLIC)];
  if (signing === undefined || verifying === undefined) throw new Error('the keys of the example cannot be read');
  return { signing, verifying };
};

describe('a signed note', () => {
  test('is the one that another implementation makes', () => {
    const { signing, verifying } = peter();
    expect(signNote(TEXT, signing)).toBe(NOTE);
    expect(openNote(NOTE, verifying)).toBe(TEXT);
    expect(formatSigningKey(signing)).toBe(PETER_PRIVATE);
    expect(formatVerifyingKey(verifyingKeyOf(signing))).toBe(PETER_PUBLIC);
  });

  test('is not opened after any change, with another key, or without a signature', () => {
    const { signing, verifying } = peter();
    const other = newSigningKey('PeterNeumann');
    for (const forged of [
      NOTE.replace('cryptography', 'Cryptography'),
      NOTE.replace('x08go/', 'x08goA'),
      signNote(TEXT, other),
      `${TEXT}\n`,
      TEXT,
      '',
      `more\n${NOTE}`,
    ])
      expect(openNote(forged, verifying)).toBeUndefined();
    expect(openNote(signNote(TEXT, signing), verifyingKeyOf(other))).toBeUndefined();
  });

  test('may carry signatures of other keys as well', () => {
    const { verifying } = peter();
    const other = signNote(TEXT, newSigningKey('another'));
    const [, line = ''] = other.split('\n\n');
    expect(openNote(NOTE + line, verifying)).toBe(TEXT);
  });
});

test.each(['', 'a b', 'a+b', 'a\n'])('a key is not called %j', (name) => {
  expect(() => newSigningKey(name)).toThrow('name of a key');
});

test.each([
  '',
  'PRIVATE+KEY+x+00000000+AAAA',
  PETER_PRIVATE.replace('c74f20a3', 'c74f20a4'),
  PETER_PUBLIC.replace('ARpc', 'ARpd'),
])('%j is no key', (text) => {
  expect(parseSigningKey(text)).toBeUndefined();
  expect(parseVerifyingKey(text)).toBeUndefined();
});
