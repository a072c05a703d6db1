import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import type { ObjectStore } from './object-store.ts';
import { inPresentVersion, type Recorded, readVerified, verifyObject } from './read-verified.ts';

/** Up to here it is kept from the first reading; beyond, it is read twice. */
const KEPT_BYTES = 8 * 1024 * 1024;

/**
 * The document of an archive. All of it was compared with its hash before the first byte comes out; one that is read twice is compared again
 * on the way, and ends with a failure should it have changed in between.
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
