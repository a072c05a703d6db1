import type { Manifest } from '@phaselock/store';
import { type Put, StoreFailure } from '../stores/object-store.ts';
import { verifyObject } from '../stores/read-verified.ts';
import type { ArchiveContext } from './archive-context.ts';
import type { PackedSession } from './pack-sessions.ts';

/**
 * Writes the object and reads it back. An object already under the key is accepted if it is identical, and never
 * changed.
 */
export async function keepObject(
  { store, racepoint }: Pick<ArchiveContext, 'store' | 'racepoint'>,
  { body, manifest }: PackedSession,
): Promise<Manifest> {
  const put = await store.put(manifest.objectKey, body);
  await racepoint?.('written');
  const written = { ...manifest, objectVersion: put.version };
  try {
    await verifyObject(store, written);
  } catch (error) {
    throw await whatItMeans(error, put, () => store.remove(manifest.objectKey));
  }
  await racepoint?.('verified');
  return written;
}

async function whatItMeans(error: unknown, put: Put, takeBack: () => Promise<void>): Promise<unknown> {
  if (!(error instanceof StoreFailure) || error.code !== 'object_damaged') return error;
  if (put.kind === 'exists')
    return new StoreFailure('object_conflict', `something else is stored there already: ${error.message}`, {
      cause: error,
    });
  // This worker has just written the object and nothing refers to it, so it is removed and the next try can write it
  // again.
  await takeBack().catch(() => undefined);
  return error;
}
