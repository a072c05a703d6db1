import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';

/** The count stops here: the number only has to be brought to 0, and counting it must not slow the database down. */
export const MOST_DUPLICATES = 10_000;
const STATEMENT_TIMEOUT_MS = 5_000;

/**
 * Counts unguarded live sessions that share their slot with another live session: a newer unguarded one, which makes
 * them duplicates that a guarded start would soft-delete, or a guarded one. Uses only the indexes of live sessions. The
 * statement time-out ends the count on a busy database.
 */
export const countLegacyDuplicates = (db: Kysely<Schema>): Promise<number> =>
  db.transaction().execute(async (tx) => {
    await sql`set local statement_timeout = ${sql.lit(STATEMENT_TIMEOUT_MS)}`.execute(tx);
    const { rows } = await sql<{ count: number }>`
      select count(*) from (
        select 1 from sessions s
        where s.deleted_at is null and not s.guarded and not s.standalone
          and (exists (select 1 from sessions newer where newer.task_id = s.task_id and newer.phase = s.phase and newer.mode = s.mode
                 and newer.deleted_at is null and not newer.guarded and not newer.standalone and newer.created_at >= s.created_at
                 and (newer.created_at, newer.id) > (s.created_at, s.id))
            -- A scalar subquery instead of \`exists\`, for which the planner would scan all slots.
            or (select l.live_session_id from slots l where l.task_id = s.task_id and l.phase = s.phase and l.mode = s.mode) is not null)
        limit ${MOST_DUPLICATES}) duplicates`.execute(tx);
    return rows[0]?.count ?? 0;
  });
