import { type Database, readKnownStore, type StoreId } from '@phaselock/store';
import { type ObjectStore, StoreFailure } from '../stores/object-store.ts';
import { hasObject, readMarker, sealKey } from './marker.ts';

/** The known store. Its id is passed to every step that relies on the store. */
export type RecognisedStore = { readonly id: StoreId; readonly seal: string };

/** `unmarked`: the database has no store recorded, or its marker was announced and may not have been written yet. */
export type Recognised =
  | { readonly kind: 'known'; readonly store: RecognisedStore }
  | { readonly kind: 'unmarked' }
  | { readonly kind: 'changed'; readonly why: string };

/** How often the comparison is repeated if another worker replaces the seal in the meantime. */
const LOOKS = 3;

/**
 * Compares the marker and the latest seal of the store with those in the database. Rejects when the store cannot be
 * read.
 */
export async function recogniseStore({ kysely }: Pick<Database, 'kysely'>, store: ObjectStore): Promise<Recognised> {
  for (let look = 1; ; look += 1) {
    const known = await readKnownStore(kysely);
    if (known === undefined || known.seal === null) return { kind: 'unmarked' };
    const why = await whatDiffers({ ...known, seal: known.seal }, store);
    if (why === undefined) return { kind: 'known', store: { id: known.id, seal: known.seal } };
    const now = await readKnownStore(kysely);
    if (look === LOOKS || (now?.id === known.id && now.seal === known.seal)) return { kind: 'changed', why };
  }
}

/** The identity of the store as recorded in the database. */
type KnownBy = { readonly id: string; readonly seal: string; readonly place: string };

/**
 * Returns why this is not the known store, or undefined if it is. A missing folder counts as another store. For callers
 * that only read.
 */
export async function examineStore(store: ObjectStore, known: KnownBy): Promise<string | undefined> {
  try {
    return await whatDiffers(known, store);
  } catch (error) {
    if (error instanceof StoreFailure && error.code === 'store_changed') return error.message;
    throw error;
  }
}

async function whatDiffers({ id, seal, place }: KnownBy, store: ObjectStore): Promise<string | undefined> {
  const marker = await readMarker(store);
  const known = `the store recorded in this database (${id}, last at ${place})`;
  if (marker.kind === 'none') return `${store.place} carries no marker: it is not ${known}, or its marker was lost`;
  if (marker.kind === 'unreadable')
    return `${store.place} carries a marker that cannot be read, so it is not accepted as ${known}`;
  if (marker.id !== id) return `${store.place} is the store ${marker.id}, not ${known}`;
  if (await hasObject(store, sealKey(seal))) return undefined;
  return `${store.place} is an older copy of ${known}, or this database was restored to an earlier time: the latest recorded seal (${seal}) is missing`;
}

export const storeChanged = (why: string): StoreFailure =>
  new StoreFailure('store_changed', `${why}. See \`purge-worker store\``);
