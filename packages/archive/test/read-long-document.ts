import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { examineDocument } from '../src/stores/examine-document.ts';
import { aLongDocument } from './a-document.ts';

// Reads a document of 100 MB, which is made while it is read, and prints how many log lines it had.
const LINES = 100_000;
const packed = (): AsyncIterable<Buffer> =>
  Readable.from(aLongDocument({ lines: LINES, width: 900 })).pipe(createGzip({ level: 1 }));

const hash = createHash('sha256');
let bytes = 0;
for await (const chunk of packed()) {
  hash.update(chunk);
  bytes += chunk.length;
}
let lines = 0;
const { kind } = await examineDocument(
  { place: 'a test', get: async () => packed() },
  { objectKey: 'long', objectVersion: null, sha256: hash.digest('hex'), bytes },
  (part) => {
    if (part.kind === 'log') lines += 1;
  },
);
process.stdout.write(`${JSON.stringify({ kind, lines })}\n`);
