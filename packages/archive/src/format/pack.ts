import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { ObjectBody } from '../stores/object-store.ts';

const compress = promisify(gzip);

/** The compressed document with its hash, in memory or in a temporary file that is removed on disposal. */
export type Packed = ObjectBody & AsyncDisposable;

export async function packText(text: string): Promise<Packed> {
  const bytes = await compress(text);
  return {
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async *open() {
      yield bytes;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

/**
 * Compresses into a file: the hash is part of the object key, so the document must be complete before the upload
 * starts.
 */
export async function packParts(parts: AsyncIterable<string>, file: string): Promise<Packed> {
  const hash = createHash('sha256');
  let bytes = 0;
  const remove = () => rm(file, { force: true });
  try {
    await pipeline(
      Readable.from(parts),
      createGzip(),
      async function* hashed(chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          hash.update(chunk);
          bytes += chunk.length;
          yield chunk;
        }
      },
      createWriteStream(file, { flags: 'wx', mode: 0o600 }),
    );
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    bytes,
    sha256: hash.digest('hex'),
    open: () => createReadStream(file),
    [Symbol.asyncDispose]: remove,
  };
}
