import { createHash } from 'node:crypto';
import { type ObjectStore, StoreFailure } from './object-store.ts';

/** What the database says of an object. */
export type Recorded = {
  readonly objectKey: string;
  readonly objectVersion: string | null;
  readonly sha256: string;
  readonly bytes: number;
};

/** The object as it was written. Ends with a StoreFailure where it is not that: whoever uses what came before the end has to take it back. */
export async function* readVerified(store: ObjectStore, recorded: Recorded): AsyncGenerator<Uint8Array> {
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

/** Reads all of it for nothing but to know that it is there, and what it was. */
export async function verifyObject(store: ObjectStore, recorded: Recorded): Promise<void> {
  for await (const _chunk of readVerified(store, recorded));
}

/**
 * What the archive names, or, where the store has no such version, what lies under its key now: the store was moved, and the recorded hash says
 * whether it is the same.
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
