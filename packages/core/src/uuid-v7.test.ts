import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import vectors from '../../../vectors/uuid-v7.json' with { type: 'json' };
import { type Row, readSection } from '../test/row.ts';
import { parseSessionId } from './ids.ts';
import { uuidV7 } from './uuid-v7.ts';

const readInputs = (row: Row) => ({
  because: row.text('because'),
  unixMs: row.number('unixMs'),
  random: Uint8Array.from(row.text('random').match(/../g) ?? [], (byte) => Number.parseInt(byte, 16)),
});

describe('uuidV7, accepted inputs', () => {
  const rows = readSection(vectors, 'valid', (row) => ({ ...readInputs(row), uuid: row.text('uuid') }));
  test.each(rows)('$because', ({ unixMs, random, uuid }) => expect(uuidV7(unixMs, random)).toBe(uuid));
});

describe('uuidV7, refused inputs', () => {
  test.each(readSection(vectors, 'invalid', readInputs))('$because', ({ unixMs, random }) => {
    expect(() => uuidV7(unixMs, random)).toThrow(RangeError);
  });
});

describe('uuidV7, for any time and random bytes', () => {
  const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
  const random = fc.uint8Array({ minLength: 10, maxLength: 16 });

  test('the id has the version 7 format, is a valid session id, and contains the time', () => {
    fc.assert(
      fc.property(time, random, (unixMs, bytes) => {
        const uuid = uuidV7(unixMs, bytes);
        expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(parseSessionId(uuid)).toBe(uuid);
        expect(Number.parseInt(uuid.replace('-', '').slice(0, 12), 16)).toBe(unixMs);
      }),
    );
  });

  test('a later id sorts after an earlier one, as text', () => {
    fc.assert(
      fc.property(time, time, random, random, (a, b, first, second) => {
        fc.pre(a < b);
        expect(uuidV7(a, first) < uuidV7(b, second)).toBe(true);
      }),
    );
  });

  test('the same inputs give the same id and are not modified', () => {
    fc.assert(
      fc.property(time, random, (unixMs, bytes) => {
        const before = Uint8Array.from(bytes);
        expect(uuidV7(unixMs, bytes)).toBe(uuidV7(unixMs, before));
        expect(bytes).toEqual(before);
      }),
    );
  });
});
