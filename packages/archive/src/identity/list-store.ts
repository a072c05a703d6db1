import { OBJECTS_FOLDER, sessionOfKey } from '../format/object-key.ts';
import type { ObjectStore } from '../stores/object-store.ts';
import { SEALS_FOLDER, sealOfKey } from './marker.ts';

/** An archive object as its key describes it; the session is null if no worker can have written the key. */
type ListedObject = { readonly objectKey: string; readonly sessionId: string | null };

/** Every archive object in the store, whether a record names it or not. */
export async function* listObjects(store: Pick<ObjectStore, 'list'>): AsyncGenerator<ListedObject> {
  for await (const objectKey of store.list(OBJECTS_FOLDER))
    yield { objectKey, sessionId: sessionOfKey(objectKey) ?? null };
}

/** The ids of all seals in the store. Each database that uses the store has at least one there. */
export async function* listSeals(store: Pick<ObjectStore, 'list'>): AsyncGenerator<string> {
  for await (const key of store.list(SEALS_FOLDER)) {
    const seal = sealOfKey(key);
    if (seal !== undefined) yield seal;
  }
}
