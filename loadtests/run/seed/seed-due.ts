import { openDatabase } from '@phaselock/store';
import { seed } from '../../../bench/seed.ts';

const LONG_MS = 3_600_000;
const connect = (url: string) =>
  openDatabase({ url, maxSize: 1, statementTimeoutMs: LONG_MS, transactionTimeoutMs: LONG_MS });

/** Sessions deleted too lately to be due. */
export async function seedDeleted(databaseUrl: string, sessions: number, say: (line: string) => void): Promise<void> {
  await using database = connect(databaseUrl);
  await seed(database, 'seed-deleted.sql', '$SESSIONS', sessions);
  // What was deleted more than a month ago and is not archived is a finding of the audit.
  await database.pool.pg.query(
    `update sessions set deleted_at = now() - interval '1 day' where deleted_at is not null`,
  );
  // Two turns of a session are never at work at once.
  await database.pool.pg.query(
    `update processes set started_at = ended_at, ended_at = ended_at + interval '1 hour' where seq = 2`,
  );
  await database.pool.pg.query('drop function seed_id');
  await database.pool.pg.query('checkpoint');
  for (const table of ['sessions', 'processes']) await database.pool.pg.query(`vacuum (analyze) ${table}`);
  say(`${sessions} deleted sessions are seeded`);
}

/** So many more of them are due from now on. */
export async function makeDue(databaseUrl: string, sessions: number): Promise<void> {
  await using database = connect(databaseUrl);
  await database.pool.pg.query(
    `update sessions set deleted_at = now() - interval '20 days'
     where id in (select id from sessions where created_by = 'ada' and deleted_at > now() - interval '2 days' order by id limit ${sessions})`,
  );
}
