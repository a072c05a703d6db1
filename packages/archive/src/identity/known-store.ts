import { randomUUID } from 'node:crypto';
import { announceStore, laidMarker, readKnownStore, sampleOfObjects } from '@phaselock/store';
import type { ArchiveContext } from '../steps/archive-context.ts';
import { inParallel } from '../steps/in-parallel.ts';
import { examineObject } from '../stores/examine-object.ts';
import { MARKER_KEY, markerBody, readMarker } from './marker.ts';
import { type RecognisedStore, recogniseStore, storeChanged } from './recognise-store.ts';
import { writeSeal } from './seal-store.ts';

type Knowing = Pick<ArchiveContext, 'database' | 'store' | 'racepoint'>;

/** The latest of what the database counts on, and as many of all. */
const SAMPLE_EACH = 100;
const READS_AT_A_TIME = 8;

/** The store the database knows, marked now if it is used for the first time. Any other is a StoreFailure, and nothing is done with it. */
export async function knownStore(ctx: Knowing): Promise<RecognisedStore> {
  for (;;) {
    const found = await recogniseStore(ctx.database, ctx.store);
    if (found.kind === 'known') return found.store;
    if (found.kind === 'changed') throw storeChanged(found.why);
    await markStore(ctx);
  }
}

/** Each part of it may be done again, by whoever comes after one that died. */
async function markStore(ctx: Knowing): Promise<void> {
  const { database, store, racepoint } = ctx;
  const { kysely } = database;
  await announceStore(kysely, randomUUID(), store.place);
  await racepoint?.('store-announced');
  const announced = await readKnownStore(kysely);
  // Another worker has marked it meanwhile.
  if (announced === undefined || announced.seal !== null) return;
  const { id } = announced;

  await refuseAnother(ctx);
  await store.put(MARKER_KEY, markerBody(id));
  const marker = await readMarker(store);
  if (marker.kind !== 'marker' || marker.id !== id)
    throw storeChanged(`${store.place} carries the marker of another database than this one`);
  await racepoint?.('store-marked');
  await laidMarker(kysely, id, await writeSeal(ctx, id));
  await racepoint?.('store-sealed');
}

/** A store in which what the database counts on is missing is not the one it was kept in. */
async function refuseAnother({ database, store }: Knowing): Promise<void> {
  const sample = await sampleOfObjects(database.kysely, SAMPLE_EACH);
  if (sample.length === 0) return await store.make();
  const examined = await inParallel(sample, READS_AT_A_TIME, (one) => examineObject(store, one));
  const missing = examined.filter(({ kind }) => kind === 'missing').length;
  if (missing > 0)
    throw storeChanged(
      `${store.place} carries no marker, and ${missing} of ${sample.length} objects that were looked for are not there`,
    );
}
