import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { spawnNode } from '@phaselock/testkit';
import { describe, expect, test, vi } from 'vitest';
import { aDocument } from '../../test/a-document.ts';
import { examineDocument } from './examine-document.ts';
import { type ObjectStore, StoreFailure } from './object-store.ts';

type Reading = Pick<ObjectStore, 'get' | 'place'>;

/** A store with one object, which arrives in chunks of this size. */
const storeOf = (bytes: Uint8Array | undefined, chunk = 1_000): Reading => ({
  place: 'a test',
  async get() {
    if (bytes === undefined) return undefined;
    return (async function* () {
      for (let at = 0; at < bytes.length; at += chunk) yield bytes.subarray(at, at + chunk);
    })();
  },
});
const recordOf = (bytes: Uint8Array) => ({
  objectKey: 'the-key',
  objectVersion: null,
  sha256: createHash('sha256').update(bytes).digest('hex'),
  bytes: bytes.length,
});

async function examine(bytes: Uint8Array | undefined, record = recordOf(bytes ?? Buffer.of()), chunk?: number) {
  const parts: string[] = [];
  const examined = await examineDocument(storeOf(bytes, chunk), record, ({ kind }) => parts.push(kind));
  return { ...examined, parts };
}

const LINES = 3_000;
const WHOLE = gzipSync(aDocument({ lines: LINES }));

describe('an archive document', () => {
  test.each([1, 7, 100_000])('is read in chunks of %i bytes', async (chunk) => {
    const small = gzipSync(aDocument({ lines: 20 }));
    expect(await examine(small, recordOf(small), chunk)).toEqual({
      kind: 'read',
      parts: ['session', 'process', 'event', 'feedback', ...Array.from({ length: 20 }, () => 'log')],
    });
  });

  test('is read without keeping its log lines in memory', { timeout: 120_000 }, async () => {
    const program = resolve(import.meta.dirname, '../../test/read-long-document.ts');
    // The lines alone would need twice as much memory.
    await using child = spawnNode(program, { env: { NODE_OPTIONS: '--max-old-space-size=48' } });
    expect(await child.exited).toEqual({ code: 0, signal: null });
    expect(child.stdout()).toBe('{"kind":"read","lines":100000}\n');
  });
});

describe('an object that differs from its record is damaged, whatever it contains', () => {
  test.each([
    ['shorter', WHOLE.subarray(0, -100), /only \d+ of its \d+ bytes/],
    ['longer', Buffer.concat([WHOLE, WHOLE]), /more than/],
    ['no document', Buffer.alloc(WHOLE.length, 7), /hash/],
    ['changed in the middle', WHOLE.with(WHOLE.length >> 1, (WHOLE[WHOLE.length >> 1] ?? 0) ^ 1), /hash/],
  ])('%s', async (_what, bytes, why) => {
    expect(await examine(bytes, recordOf(WHOLE))).toMatchObject({ kind: 'damaged', why: expect.stringMatching(why) });
  });

  test('missing', async () => {
    expect(await examine(undefined, recordOf(WHOLE))).toMatchObject({ kind: 'missing', parts: [] });
  });

  test('unread if the store fails', async () => {
    const failing: Reading = {
      place: 'a test',
      get: async () =>
        (async function* () {
          yield WHOLE.subarray(0, 100);
          throw new StoreFailure('store_unavailable', 'EIO');
        })(),
    };
    expect(await examineDocument(failing, recordOf(WHOLE), () => undefined)).toEqual({ kind: 'unread', why: 'EIO' });
  });
});

describe('an object as recorded that is not a document is invalid, with the reason', () => {
  const document = aDocument({ lines: 2 });
  const replaced = (from: string | RegExp, to: string): string => {
    const after = document.replace(from, to);
    if (after === document) throw new Error(`${from} is not in the document`);
    return after;
  };
  test.each([
    ['cut off', WHOLE.subarray(0, -100), 'it cannot be decompressed: unexpected end of file'],
    ['not compressed', Buffer.from(document), 'it cannot be decompressed: incorrect header check'],
    [
      'followed by other bytes',
      Buffer.concat([WHOLE, Buffer.from('more')]),
      'it cannot be decompressed: incorrect header check',
    ],
    ['not text', gzipSync(Buffer.of(0xff, 0xfe)), 'it is not valid UTF-8'],
    ['empty', '', 'it ends where an object should follow'],
    ['another value', '[]', 'it has "[" instead of an object'],
    ['an incomplete text', document.slice(0, -3), 'it ends where an element of an array should follow'],
    ['two objects', `${document}${document}`, 'it has "{" instead of its end'],
    ['of another format', replaced('-session-archive', '-other'), 'its format is not phaselock-session-archive'],
    [
      'of a later version',
      replaced('"schemaVersion":1', '"schemaVersion":2'),
      'it has the schema version 2, and this release reads only version 1',
    ],
    ['without a version', replaced('"schemaVersion":1,', ''), 'it has the member "session" instead of schemaVersion'],
    ['without logs', replaced(/,"logs".*/, '}'), 'it has no logs'],
    ['with logs twice', replaced(/("logs".*)\}/, '$1,$1}'), 'it has the member "logs" instead of its end'],
    ['with an object for logs', replaced(/"logs":\[.*\]/, '"logs":{}'), 'logs is not an array'],
    ['with an array for the session', replaced(/"session":\{/, '"session":[{'), 'session is an array'],
    [
      'with an unknown field',
      replaced('"seq":', '"extra":1,"seq":'),
      'processes.0 does not follow its schema: Unrecognized key: "extra"',
    ],
    [
      'with a line without its text',
      replaced(/,"line":"line 1"/, ''),
      'logs.1.line does not follow its schema: Invalid input: expected string, received undefined',
    ],
    [
      'with a time of another form',
      replaced(/"at":"[^"]*"/, '"at":"yesterday"'),
      'events.0.at does not follow its schema: Invalid ISO datetime',
    ],
    ['with a missing comma', replaced('},{', '}{'), 'logs.0 is not valid JSON'],
    ['with a comma at the end of an array', replaced('}]}', '},]}'), 'logs.2 is not valid JSON'],
    [
      'with a huge value',
      replaced('"handoff":null', `"handoff":"${'x'.repeat(40_000_000)}"`),
      'it has a value of more than 33554432 characters, which no release writes',
    ],
  ])('%s', async (_what, content, why) => {
    const bytes = typeof content === 'string' ? gzipSync(content) : content;
    expect(await examine(bytes)).toMatchObject({ kind: 'invalid', why });
  });
});

test('an error of the reader is not mistaken for one of the object', async () => {
  const take = vi.fn(() => {
    throw new TypeError('a defect');
  });
  await expect(examineDocument(storeOf(WHOLE), recordOf(WHOLE), take)).rejects.toThrow('a defect');
  expect(take).toHaveBeenCalledTimes(1);
});
