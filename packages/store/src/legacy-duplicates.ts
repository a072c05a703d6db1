import { type Kysely, sql } from 'kysely';
import type { Schema } from './schema.ts';

/** More are not counted: it is a number to be brought to 0, and counting it must not be felt. */
export const MOST_DUPLICATES = 10_000;
const STATEMENT_TIMEOUT_MS = 5_000;

/**
 * Live sessions outside the guard that are not alone in their slot: older than another one outside, which a guarded start there would collapse, or
 * beside a guarded one, as a time without the rule left them. By the indexes of live sessions alone, which hold nothing else; a database that is
 * too busy for it cancels it.
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
            -- A value instead of \`exists\`, which would be answered by reading all slots once.
            or (select l.live_session_id from slots l where l.task_id = s.task_id and l.phase = s.phase and l.mode = s.mode) is not null)
        limit ${MOST_DUPLICATES}) duplicates`.execute(tx);
    return rows[0]?.count ?? 0;
  });
