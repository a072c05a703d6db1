import { randomUUID } from 'node:crypto';
import { announceSeal, type Database, forgetSeals, listOldSeals, replaceSeal } from '@phaselock/store';
import type { ObjectStore } from '../stores/object-store.ts';
import { sealBody, sealKey } from './marker.ts';
import type { RecognisedStore } from './recognise-store.ts';

/** The most old seals that one call removes. */
const OLD_AT_A_TIME = 20;

type Sealing = { readonly database: Database; readonly store: ObjectStore };

/**
 * Writes a new seal (see `sealKey`) to the store and returns its id. It takes effect only once the caller records it in
 * the database as the current one.
 */
export async function writeSeal({ database, store }: Sealing, id: RecognisedStore['id']): Promise<string> {
  const seal = randomUUID();
  await announceSeal(database.kysely, seal);
  await store.put(sealKey(seal), sealBody(id, seal));
  return seal;
}

/**
 * Replaces the current seal before and after each batch of archived sessions, so that a copy of the store made before
 * this moment can be recognised as older. Also removes seals that are no longer in use.
 */
export async function sealStore(sealing: Sealing, { id, seal: seen }: RecognisedStore): Promise<void> {
  const { kysely } = sealing.database;
  const next = await writeSeal(sealing, id);
  await replaceSeal(kysely, { id, seen, next });
  const old = await listOldSeals(kysely, OLD_AT_A_TIME);
  for (const seal of old) await sealing.store.remove(sealKey(seal));
  if (old.length > 0) await forgetSeals(kysely, old);
}
