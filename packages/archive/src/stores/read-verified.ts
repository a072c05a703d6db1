import { createHash } from 'node:crypto';
import { type ObjectStore, StoreFailure } from './object-store.ts';

/** The key, version, hash and size of an object as recorded in the database. */
export type Recorded = {
  readonly objectKey: string;
  readonly objectVersion: string | null;
  readonly sha256: string;
  readonly bytes: number;
};

/**
 * Streams the object and fails at the end if its size or hash differs. The caller must then discard the bytes it
 * received.
 */
export async function* readVerified(
  store: Pick<ObjectStore, 'get' | 'place'>,
  recorded: Recorded,
): AsyncGenerator<Uint8Array> {
  const { objectKey, objectVersion, sha256, bytes } = recorded;
  const body = await store.get(objectKey, objectVersion);
  if (body === undefined) throw new StoreFailure('object_missing', `${objectKey} is not in ${store.place}`);
  const hash = createHash('sha256');
  let seen = 0;
  for await (const chunk of body) {
    hash.update(chunk);
    seen += chunk.length;
    if (seen > bytes) break;
    yield chunk;
  }
  if (seen !== bytes)
    throw new StoreFailure(
      'object_damaged',
      `${objectKey} in ${store.place} has ${seen > bytes ? 'more than' : 'only'} ${Math.min(seen, bytes)} of its ${bytes} bytes`,
    );
  if (hash.digest('hex') !== sha256)
    throw new StoreFailure(
      'object_damaged',
      `${objectKey} in ${store.place} does not have the hash it was written with`,
    );
}

/** Reads the object in full to verify its size and hash. */
export async function verifyObject(store: ObjectStore, recorded: Recorded): Promise<void> {
  for await (const _chunk of readVerified(store, recorded));
}

/**
 * Reads the recorded version or, if the store has no such version, the current one. After a move to another bucket,
 * version ids differ; the recorded hash shows whether the content is the same.
 */
export async function inPresentVersion<Result>(
  recorded: Recorded,
  read: (recorded: Recorded) => Promise<Result>,
): Promise<Result> {
  try {
    return await read(recorded);
  } catch (error) {
    const moved = error instanceof StoreFailure && error.code === 'object_missing' && recorded.objectVersion !== null;
    if (!moved) throw error;
    return await read({ ...recorded, objectVersion: null });
  }
}
