import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ObjectStore } from './object-store.ts';
import { inPresentVersion, type Recorded, readVerified, verifyObject } from './read-verified.ts';

/** Objects up to this size are kept in memory after verification; larger ones are read a second time. */
const KEPT_BYTES = 8 * 1024 * 1024;

/**
 * The decompressed document of an archive. The whole object is verified against its hash before the first byte is
 * returned. A large object is verified again during the second read, which fails if the object changed in between.
 */
export const openArchived = (store: ObjectStore, recorded: Recorded): Promise<AsyncIterable<Buffer>> =>
  inPresentVersion(recorded, (one) => openVersion(store, one));

async function openVersion(store: ObjectStore, recorded: Recorded): Promise<AsyncIterable<Buffer>> {
  if (recorded.bytes > KEPT_BYTES) {
    await verifyObject(store, recorded);
    return decompressed(readVerified(store, recorded));
  }
  return decompressed(await Array.fromAsync(readVerified(store, recorded)));
}

function decompressed(bytes: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): AsyncIterable<Buffer> {
  const compressed = Readable.from(bytes);
  const gunzip = createGunzip();
  compressed.once('error', (error) => gunzip.destroy(error));
  return compressed.pipe(gunzip);
}
