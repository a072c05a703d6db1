import type { SessionId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';
import { functionCall, type Sql } from '../sql.ts';

const BEGIN_REMOVALS = functionCall('begin_removals', 1);

export type Removal = { readonly sessionId: SessionId; readonly objectKey: string };

/** Archives whose time is over and that nobody holds. From here on nobody can: their objects may be gone. */
export async function beginRemovals(db: Sql, limit: number): Promise<Removal[]> {
  const rows = await db.query<{ session_id: SessionId; object_key: string }>(BEGIN_REMOVALS, [limit]);
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

/** Held for as long as there is a reason; null lets go. An object whose removal has begun cannot be held any more. */
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

/** Old enough that nobody can still be writing them. */
const LEFTOVER_AGE = sql<Date>`clock_timestamp() - interval '1 day'`;

export async function beginLeftovers(db: Kysely<Schema>, limit: number): Promise<string[]> {
  const rows = await db
    .updateTable('archive_leftovers')
    .set({ removing_at: sql<Date>`coalesce(removing_at, clock_timestamp())` })
    .where('object_key', 'in', (select) =>
      select
        .selectFrom('archive_leftovers')
        .select('object_key')
        .where('since', '<=', LEFTOVER_AGE)
        .orderBy('since')
        .limit(limit)
        .forUpdate()
        .skipLocked(),
    )
    .returning('object_key')
    .execute();
  return rows.map(({ object_key }) => object_key);
}

export async function finishLeftovers(db: Kysely<Schema>, keys: readonly string[]): Promise<void> {
  await db
    .deleteFrom('archive_leftovers')
    .where('object_key', 'in', keys)
    .where('removing_at', 'is not', null)
    .execute();
}
