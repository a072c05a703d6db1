import { createHash } from 'node:crypto';
import type { StoreId } from '@phaselock/store';
import { z } from 'zod';
import { type ObjectBody, type ObjectStore, StoreFailure } from '../stores/object-store.ts';

/**
 * Key of the marker: an object in every archive store that holds the store id, by which a worker recognises the store.
 * It must be copied when the archive is moved.
 */
export const MARKER_KEY = 'phaselock-store.json';

const FORMAT = 'phaselock-archive-store';
const FORMAT_VERSION = 1;
const MOST_BYTES = 4_096;
const UUID = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** `unreadable`: there is an object under the key, but it is not a marker of this format version. */
export type Marker =
  | { readonly kind: 'marker'; readonly id: StoreId }
  | { readonly kind: 'none' }
  | { readonly kind: 'unreadable' };

const isStoreId = (value: string): value is StoreId => UUID.test(value);

export const markerBody = (id: StoreId): ObjectBody =>
  bodyOf(JSON.stringify({ format: FORMAT, formatVersion: FORMAT_VERSION, id }));

/**
 * A seal is a small object with a random id, written around each batch. The database records the latest seal; an older
 * copy of the store lacks it.
 */
export const SEALS_FOLDER = 'phaselock-seals';
export const sealKey = (seal: string): string => `${SEALS_FOLDER}/${seal}.json`;
/** The seal that a key names; undefined for other keys. */
export function sealOfKey(key: string): string | undefined {
  const seal = key.slice(SEALS_FOLDER.length + 1, -'.json'.length);
  return UUID.test(seal) && key === sealKey(seal) ? seal : undefined;
}
export const sealBody = (id: StoreId, seal: string): ObjectBody =>
  bodyOf(JSON.stringify({ format: 'phaselock-archive-seal', formatVersion: FORMAT_VERSION, id, seal }));

export async function readMarker(store: ObjectStore): Promise<Marker> {
  try {
    const chunks = await store.get(MARKER_KEY, null);
    if (chunks === undefined) return { kind: 'none' };
    const bytes: Uint8Array[] = [];
    let length = 0;
    for await (const chunk of chunks) {
      bytes.push(chunk);
      length += chunk.length;
      if (length > MOST_BYTES) return { kind: 'unreadable' };
    }
    return parseMarker(Buffer.concat(bytes).toString());
  } catch (error) {
    // For example, a folder exists under this name.
    if (error instanceof StoreFailure && error.code === 'object_damaged') return { kind: 'unreadable' };
    throw error;
  }
}

const MARKER = z.object({
  format: z.literal(FORMAT),
  formatVersion: z.literal(FORMAT_VERSION),
  id: z.string(),
});

function parseMarker(text: string): Marker {
  try {
    const { id } = MARKER.parse(JSON.parse(text));
    return isStoreId(id) ? { kind: 'marker', id } : { kind: 'unreadable' };
  } catch {
    return { kind: 'unreadable' };
  }
}

export async function hasObject(store: ObjectStore, key: string): Promise<boolean> {
  const chunks = await store.get(key, null);
  if (chunks === undefined) return false;
  // Reads to the end, so that the connection or file is released.
  for await (const _chunk of chunks);
  return true;
}

function bodyOf(text: string): ObjectBody {
  const bytes = Buffer.from(`${text}\n`);
  return {
    bytes: bytes.length,
    sha256: createHash('sha256').update(bytes).digest('hex'),
    async *open() {
      yield bytes;
    },
  };
}
