import type { SessionId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';
import type { StoreId } from './store-id.ts';

/** The archive store recorded in the database. A seal is an object that proves the store is not an older copy. */
export type KnownStore = {
  readonly id: StoreId;
  readonly place: string;
  /** The latest seal; null while the marker is recorded here but may not be in the store yet. */
  readonly seal: string | null;
  readonly adopted: { readonly at: Date; readonly by: string | null; readonly reason: string | null } | null;
};

export async function readKnownStore(db: Kysely<Schema>): Promise<KnownStore | undefined> {
  const row = await db.selectFrom('archive_store').selectAll().executeTakeFirst();
  if (row === undefined) return undefined;
  const { id, place, seal, adopted_at, adopted_by, adopt_reason } = row;
  const adopted = adopted_at === null ? null : { at: adopted_at, by: adopted_by, reason: adopt_reason };
  return { id, place, seal, adopted };
}

/**
 * Records the id of the first store, before its marker is written. Of several concurrent workers, the first one wins.
 */
export async function announceStore(db: Kysely<Schema>, id: StoreId, place: string): Promise<void> {
  await db
    .insertInto('archive_store')
    .values({ id, place })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

/** Records a seal before it is written to the store. */
export async function announceSeal(db: Kysely<Schema>, seal: string): Promise<void> {
  await db.insertInto('archive_seals').values({ seal }).execute();
}

/**
 * SQL: the seal was announced recently. A seal that does not become current within an hour is removed from the store.
 */
const announcedLately = (seal: string) =>
  sql<boolean>`exists (select 1 from archive_seals a where a.seal = ${seal} and a.announced_at > clock_timestamp() - interval '30 minutes')`;

/** Records that the marker and the first seal are in the store. False when another worker or an adoption was faster. */
export async function laidMarker(db: Kysely<Schema>, id: StoreId, seal: string): Promise<boolean> {
  const laid = await db
    .updateTable('archive_store')
    .set({ laid_at: sql<Date>`clock_timestamp()`, seal })
    .where('id', '=', id)
    .where('laid_at', 'is', null)
    .where(announcedLately(seal))
    .returning('id')
    .executeTakeFirst();
  return laid !== undefined;
}

/** Replaces the current seal if it still is `seen`. Of two concurrent workers, the first one wins. */
export async function replaceSeal(
  db: Kysely<Schema>,
  { id, seen, next }: { readonly id: StoreId; readonly seen: string; readonly next: string },
): Promise<void> {
  await db
    .updateTable('archive_store')
    .set({ seal: next })
    .where('id', '=', id)
    .where('seal', '=', seen)
    .where(announcedLately(next))
    .execute();
}

/** Seals that are not the current one, and too old to be still in use by a worker. */
export async function listOldSeals(db: Kysely<Schema>, limit: number): Promise<string[]> {
  const rows = await db
    .selectFrom('archive_seals')
    .select('seal')
    .where('announced_at', '<', sql<Date>`clock_timestamp() - interval '1 hour'`)
    .where('seal', 'not in', (select) =>
      select.selectFrom('archive_store').select('seal').where('seal', 'is not', null),
    )
    .orderBy('announced_at')
    .limit(limit)
    .execute();
  return rows.map(({ seal }) => seal);
}

export async function forgetSeals(db: Kysely<Schema>, seals: readonly string[]): Promise<void> {
  await db.deleteFrom('archive_seals').where('seal', 'in', seals).execute();
}

export type Adoption = {
  readonly id: StoreId;
  readonly seal: string;
  readonly place: string;
  readonly by: string;
  readonly reason: string;
};

/** Makes this the recorded store. Proofs made against another store are invalid from now on. */
export async function adoptStore(db: Kysely<Schema>, { id, seal, place, by, reason }: Adoption): Promise<void> {
  const now = sql<Date>`clock_timestamp()`;
  const row = { id, place, seal, laid_at: now, adopted_at: now, adopted_by: by, adopt_reason: reason };
  await db
    .insertInto('archive_store')
    .values(row)
    .onConflict((conflict) => conflict.column('singleton').doUpdateSet(row))
    .execute();
}

/** An object that must exist in the store according to the database. */
export type CountedOn = {
  readonly sessionId: SessionId;
  readonly objectKey: string;
  readonly objectVersion: string | null;
  readonly sha256: string;
  readonly bytes: number;
};

const counted = (db: Kysely<Schema>) =>
  db
    .selectFrom('archives')
    .select(['session_id', 'object_key', 'object_version', 'sha256', 'bytes'])
    .where('verified_at', 'is not', null)
    .where('removing_at', 'is', null);

const toCounted = (row: {
  session_id: SessionId;
  object_key: string;
  object_version: string | null;
  sha256: Buffer;
  bytes: number;
}): CountedOn => ({
  sessionId: row.session_id,
  objectKey: row.object_key,
  objectVersion: row.object_version,
  sha256: row.sha256.toString('hex'),
  bytes: row.bytes,
});

/** Samples the latest objects, which an older copy of the store lacks, and as many random ones. */
export async function sampleOfObjects(db: Kysely<Schema>, each: number): Promise<CountedOn[]> {
  const latest = await counted(db).orderBy('archived_at', 'desc').limit(each).execute();
  const any = await counted(db).orderBy(sql`random()`).limit(each).execute();
  return [...new Map([...latest, ...any].map((row) => [row.session_id, toCounted(row)])).values()];
}

/** `expired`: its retention has ended and it has no legal hold, so the next run of the worker removes it. */
export type PurgedObject = CountedOn & { readonly expired: boolean };

/**
 * Reads a page of the objects whose sessions were purged from the database. If such an object is missing, its session
 * is lost.
 */
export async function listPurgedObjects(
  db: Kysely<Schema>,
  { after, limit }: { readonly after: SessionId | null; readonly limit: number },
): Promise<PurgedObject[]> {
  const rows = await counted(db)
    .select(sql<boolean>`not legal_hold and expires_at <= clock_timestamp()`.as('expired'))
    .where('purged_at', 'is not', null)
    .$if(after !== null, (query) => query.where('session_id', '>', after ?? null))
    .orderBy('session_id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...toCounted(row), expired: row.expired }));
}
