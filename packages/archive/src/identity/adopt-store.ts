import { randomUUID } from 'node:crypto';
import type { SessionId } from '@phaselock/core';
import {
  adoptStore as adoptInDatabase,
  type Database,
  listPurgedObjects,
  readKnownStore,
  type StoreId,
} from '@phaselock/store';
import { inParallel } from '../steps/in-parallel.ts';
import { examineObject } from '../stores/examine-object.ts';
import type { ObjectStore } from '../stores/object-store.ts';
import { MARKER_KEY, markerBody, readMarker } from './marker.ts';
import { recogniseStore, storeChanged } from './recognise-store.ts';
import { writeSeal } from './seal-store.ts';

export type Adopting = {
  readonly database: Database;
  readonly store: ObjectStore;
  readonly by: string;
  readonly reason: string;
  /** Adopts the store even if objects of purged sessions are missing or damaged. Those sessions are then lost. */
  readonly despiteLoss: boolean;
  readonly readsAtATime: number;
};

export type Adopted = {
  readonly kind: 'adopted' | 'refused' | 'known-already';
  readonly id: StoreId | null;
  /** How many objects of purged sessions were examined. */
  readonly read: number;
  /** How many of them were missing or damaged before their retention period ended. */
  readonly lost: number;
  /** The first lost objects, each with the reason. */
  readonly examples: readonly { readonly sessionId: SessionId; readonly why: string }[];
};

const PAGE = 500;
const MOST_EXAMPLES = 20;

/**
 * Records this store as the known store of the database, at an operator's request. It first reads every object of a
 * purged session, because such an object exists nowhere else. Objects of sessions that are still in the database are
 * skipped: each is read before its session is purged, and written again if it is missing.
 */
export async function adoptStore(adopting: Adopting): Promise<Adopted> {
  const { database, store, by, reason, despiteLoss } = adopting;
  const recognised = await recogniseStore(database, store);
  if (recognised.kind === 'known')
    return { kind: 'known-already', id: recognised.store.id, read: 0, lost: 0, examples: [] };
  const marker = await readMarker(store);
  if (marker.kind === 'unreadable')
    throw storeChanged(`${store.place} has a ${MARKER_KEY} that is not a marker: inspect it and move it away first`);
  await store.check();
  const found = await readEveryPurged(adopting);
  if (found.lost > 0 && !despiteLoss) return { kind: 'refused', id: null, ...found };

  const known = await readKnownStore(database.kysely);
  const id = marker.kind === 'marker' ? marker.id : (known?.id ?? randomUUID());
  if (marker.kind === 'none') await store.put(MARKER_KEY, markerBody(id));
  const laid = await readMarker(store);
  if (laid.kind !== 'marker' || laid.id !== id)
    throw storeChanged(`${store.place} was marked by another database meanwhile`);
  const seal = await writeSeal({ database, store }, id);
  await adoptInDatabase(database.kysely, { id, seal, place: store.place, by, reason });
  return { kind: 'adopted', id, ...found };
}

async function readEveryPurged({ database, store, readsAtATime }: Adopting): Promise<Omit<Adopted, 'kind' | 'id'>> {
  const examples: { sessionId: SessionId; why: string }[] = [];
  let [read, lost] = [0, 0];
  for (let after: SessionId | null = null; ; ) {
    const page = await listPurgedObjects(database.kysely, { after, limit: PAGE });
    const examined = await inParallel(page, readsAtATime, (one) => examineObject(store, one));
    read += page.length;
    for (const [nth, one] of examined.entries()) {
      const object = page[nth];
      // After a restore to an earlier time, the database has no record of expired objects that were removed since.
      if (one.kind === 'as-recorded' || object === undefined || object.expired) continue;
      lost += 1;
      if (examples.length < MOST_EXAMPLES) examples.push({ sessionId: object.sessionId, why: one.why });
    }
    after = page.at(-1)?.sessionId ?? null;
    if (after === null) return { read, lost, examples };
  }
}
