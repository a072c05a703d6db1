import type { SessionId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';
import { functionCall, type Sql, type Statement } from '../sql.ts';
import type { StoreId } from './store-id.ts';

const BEGIN_LEFTOVERS: Statement = {
  name: 'begin_leftovers',
  text: 'select begun as object_key from begin_leftovers($1, $2) begun',
};
const BEGIN_REMOVALS = functionCall('begin_removals', 3);

/** Whether any object is due for removal. If not, the caller does not need to contact the object store. */
export async function removalsDue(db: Kysely<Schema>): Promise<boolean> {
  const { rows } = await sql<{ due: boolean }>`
    select exists (select 1 from archives r where r.purged_at is not null and r.removed_at is null and not r.legal_hold and r.expires_at <= clock_timestamp())
        or exists (select 1 from archive_leftovers l where l.since <= clock_timestamp() - interval '1 day') as due`.execute(
    db,
  );
  return rows[0]?.due === true;
}

export type Removal = { readonly sessionId: SessionId; readonly objectKey: string };

/** Marks expired archives without a legal hold for removal. From then on a hold is refused: the object may be gone. */
export async function beginRemovals(
  db: Sql,
  storeId: StoreId,
  { limit, workerMs }: { readonly limit: number; readonly workerMs: number },
): Promise<Removal[]> {
  const rows = await db.query<{ session_id: SessionId; object_key: string }>(BEGIN_REMOVALS, [
    storeId,
    limit,
    workerMs,
  ]);
  return rows.map(({ session_id, object_key }) => ({ sessionId: session_id, objectKey: object_key }));
}

export async function finishRemovals(db: Kysely<Schema>, sessionIds: readonly SessionId[]): Promise<void> {
  await db
    .updateTable('archives')
    .set({ removed_at: sql<Date>`clock_timestamp()` })
    .where('session_id', 'in', sessionIds)
    .execute();
}

export type Held = 'done' | 'not-found' | 'too-late';

/** Sets a legal hold with its reason; null releases it. Returns `too-late` once the removal of the object has begun. */
export async function holdArchive(db: Kysely<Schema>, sessionId: SessionId, reason: string | null): Promise<Held> {
  const held = await db
    .updateTable('archives')
    .set({ legal_hold: reason !== null, hold_reason: reason })
    .where('session_id', '=', sessionId)
    .where('removing_at', 'is', null)
    .returning('session_id')
    .executeTakeFirst();
  if (held !== undefined) return 'done';
  const there = await db
    .selectFrom('archives')
    .select('session_id')
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return there === undefined ? 'not-found' : 'too-late';
}

/**
 * Marks leftover objects for removal: old enough that no worker can still be writing them, and unreferenced by archives
 * and claims.
 */
export async function beginLeftovers(db: Sql, storeId: StoreId, limit: number): Promise<string[]> {
  const rows = await db.query<{ object_key: string }>(BEGIN_LEFTOVERS, [storeId, limit]);
  return rows.map(({ object_key }) => object_key);
}

export async function finishLeftovers(db: Kysely<Schema>, keys: readonly string[]): Promise<void> {
  await db
    .deleteFrom('archive_leftovers')
    .where('object_key', 'in', keys)
    .where('removing_at', 'is not', null)
    .execute();
}
