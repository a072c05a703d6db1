import { randomUUID } from 'node:crypto';
import { announceStore, laidMarker, readKnownStore, sampleOfObjects } from '@phaselock/store';
import type { ArchiveContext } from '../steps/archive-context.ts';
import { inParallel } from '../steps/in-parallel.ts';
import { examineObject } from '../stores/examine-object.ts';
import { MARKER_KEY, markerBody, readMarker } from './marker.ts';
import { type RecognisedStore, recogniseStore, storeChanged } from './recognise-store.ts';
import { writeSeal } from './seal-store.ts';

type Knowing = Pick<ArchiveContext, 'database' | 'store' | 'racepoint'>;

/** Size of each of the two samples: the newest recorded objects, and random ones. */
const SAMPLE_EACH = 100;
const READS_AT_A_TIME = 8;

/**
 * Returns the store recorded in the database, after marking it on first use. For any other store it throws a
 * StoreFailure and changes nothing.
 */
export async function knownStore(ctx: Knowing): Promise<RecognisedStore> {
  for (;;) {
    const found = await recogniseStore(ctx.database, ctx.store);
    if (found.kind === 'known') return found.store;
    if (found.kind === 'changed') throw storeChanged(found.why);
    await markStore(ctx);
  }
}

/** Every step is idempotent, so that another worker can repeat them after a crash. */
async function markStore(ctx: Knowing): Promise<void> {
  const { database, store, racepoint } = ctx;
  const { kysely } = database;
  await announceStore(kysely, randomUUID(), store.place);
  await racepoint?.('store-announced');
  const announced = await readKnownStore(kysely);
  // Another worker marked the store in the meantime.
  if (announced === undefined || announced.seal !== null) return;
  const { id } = announced;

  await refuseAnother(ctx);
  await store.put(MARKER_KEY, markerBody(id));
  const marker = await readMarker(store);
  if (marker.kind !== 'marker' || marker.id !== id)
    throw storeChanged(`${store.place} carries the marker of another database`);
  await racepoint?.('store-marked');
  await laidMarker(kysely, id, await writeSeal(ctx, id));
  await racepoint?.('store-sealed');
}

/** Refuses an unmarked store that lacks recorded objects: the archives were written to another store. */
async function refuseAnother({ database, store }: Knowing): Promise<void> {
  const sample = await sampleOfObjects(database.kysely, SAMPLE_EACH);
  if (sample.length === 0) return await store.make();
  const examined = await inParallel(sample, READS_AT_A_TIME, (one) => examineObject(store, one));
  const missing = examined.filter(({ kind }) => kind === 'missing').length;
  if (missing > 0)
    throw storeChanged(
      `${store.place} carries no marker, and ${missing} of ${sample.length} sampled objects are missing`,
    );
}
