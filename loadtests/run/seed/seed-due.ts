import { openDatabase } from '@phaselock/store';
import { prepareSeed, seed } from '../../../bench/seed.ts';

const LONG_MS = 3_600_000;
const connect = (url: string) =>
  openDatabase({ url, maxSize: 1, statementTimeoutMs: LONG_MS, transactionTimeoutMs: LONG_MS });

/** Seeds deleted sessions that are not yet due for the purge. */
export async function seedDeleted(databaseUrl: string, sessions: number, say: (line: string) => void): Promise<void> {
  await using database = connect(databaseUrl);
  await prepareSeed(database);
  await seed(database, 'seed-deleted.sql', { $SESSIONS: sessions });
  // The audit reports sessions that were deleted more than a month ago and are not archived.
  await database.pool.pg.query(
    `update sessions set deleted_at = now() - interval '1 day' where deleted_at is not null`,
  );
  // The two turns of a session must not overlap.
  await database.pool.pg.query(
    `update processes set started_at = ended_at, ended_at = ended_at + interval '1 hour' where seq = 2`,
  );
  await database.pool.pg.query('drop function seed_id');
  await database.pool.pg.query('checkpoint');
  for (const table of ['sessions', 'processes']) await database.pool.pg.query(`vacuum (analyze) ${table}`);
  say(`${sessions} deleted sessions seeded`);
}

/** Makes this many more of the seeded sessions due for the purge. */
export async function makeDue(databaseUrl: string, sessions: number): Promise<void> {
  await using database = connect(databaseUrl);
  await database.pool.pg.query(
    `update sessions set deleted_at = now() - interval '20 days'
     where id in (select id from sessions where created_by = 'ada' and deleted_at > now() - interval '2 days' order by id limit ${sessions})`,
  );
}
