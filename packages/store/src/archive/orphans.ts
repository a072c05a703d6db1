import type { SessionId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

/**
 * Finds old sessions that no request will ever delete, so that the purge worker deletes them: sessions that never had a
 * process, and records of standalone executions. Sessions with a valid lease are left out. A session that has run in a
 * slot stays, because the next run resumes it.
 */
export async function findOrphans(
  db: Kysely<Schema>,
  { olderThanSeconds, limit }: { readonly olderThanSeconds: number; readonly limit: number },
): Promise<SessionId[]> {
  const rows = await db
    .selectFrom('sessions as s')
    .select('s.id')
    .where('s.deleted_at', 'is', null)
    .where('s.updated_at', '<', sql<Date>`clock_timestamp() - make_interval(secs => ${olderThanSeconds})`)
    .where((where) =>
      where.or([
        where('s.lease_expires_at', 'is', null),
        where('s.lease_expires_at', '<', sql<Date>`clock_timestamp()`),
      ]),
    )
    .where((where) =>
      where.or([
        where('s.standalone', '=', true),
        where.not(
          where.exists(where.selectFrom('processes as p').select('p.id').whereRef('p.session_id', '=', 's.id')),
        ),
      ]),
    )
    .orderBy('s.id')
    .limit(limit)
    .execute();
  return rows.map(({ id }) => id);
}
