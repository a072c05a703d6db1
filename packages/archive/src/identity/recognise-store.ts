import { type Database, readKnownStore, type StoreId } from '@phaselock/store';
import { type ObjectStore, StoreFailure } from '../stores/object-store.ts';
import { hasObject, readMarker, sealKey } from './marker.ts';

/** The store that was recognised: its id goes with every step that trusts it. */
export type RecognisedStore = { readonly id: StoreId; readonly seal: string };

/** `unmarked`: the database knows no store yet, or its marker was announced and may not be there. */
export type Recognised =
  | { readonly kind: 'known'; readonly store: RecognisedStore }
  | { readonly kind: 'unmarked' }
  | { readonly kind: 'changed'; readonly why: string };

/** A seal is replaced while a run goes on: what is looked for is read again that often. */
const LOOKS = 3;

/** Whether this is the store the database knows, by its marker and its latest seal. Rejects when the store does not say. */
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

/** What the database knows its store by. */
type KnownBy = { readonly id: string; readonly seal: string; readonly place: string };

/** Why it is not the known store, if it is not; a folder that is gone is not either. For whoever only reads. */
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
  const known = `the store this database knows (${id}, last ${place})`;
  if (marker.kind === 'none') return `${store.place} carries no marker: it is not ${known}, or its marker was lost`;
  if (marker.kind === 'unreadable')
    return `${store.place} carries a marker that cannot be read, so it is not taken for ${known}`;
  if (marker.id !== id) return `${store.place} is the store ${marker.id}, not ${known}`;
  if (await hasObject(store, sealKey(seal))) return undefined;
  return `${store.place} is an older copy of ${known}, or this database was restored to an earlier time: the latest seal it knows (${seal}) is missing`;
}

export const storeChanged = (why: string): StoreFailure =>
  new StoreFailure('store_changed', `${why}. See \`purge-worker store\``);
