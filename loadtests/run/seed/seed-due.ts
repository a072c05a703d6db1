import { openDatabase } from '@phaselock/store';
import { prepareSeed, seed } from '../../../bench/seed.ts';

const LONG_MS = 3_600_000;
const connect = (url: string) =>
  openDatabase({ url, maxSize: 1, statementTimeoutMs: LONG_MS, transactionTimeoutMs: LONG_MS });

/** Seeds deleted sessions that are not yet due for the purge. */
export async function seedDeleted(databaseUrl: string, sessions: number, say: (line: string) => void): Promise<void> {
  await using database = connect(databaseUrl);
  await prepareSeed(database);
  // The audit reports sessions that were deleted more than a month ago and are not archived.
  await seed(database, 'seed-deleted.sql', { $SESSIONS: sessions, $DELETED: '1 day' });
  await database.pool.pg.query('drop function seed_id');
  await database.pool.pg.query('checkpoint');
  for (const table of ['sessions', 'processes']) await database.pool.pg.query(`vacuum (analyze) ${table}`);
  say(`${sessions} deleted sessions seeded`);
}

/** Makes this many more of the seeded sessions due for the purge. */
export async function makeDue(databaseUrl: string, sessions: number): Promise<void> {
  await using database = connect(databaseUrl);
  // Their deletion is the last event of each, so nothing else in its chain depends on the time.
  await database.pool.pg.query(`
    begin;
    set local session_replication_role = replica;
    create temporary table due on commit drop as
      select id, task_id, now() - interval '20 days' as at from sessions
      where created_by = 'ada' and deleted_at > now() - interval '2 days' order by id limit ${sessions};
    update sessions s set deleted_at = due.at from due where s.id = due.id;
    update session_events e set at = due.at from due where e.task_id = due.task_id and e.session_id = due.id and e.type = 'deleted';
    update session_events e set hash = event_hash(before.hash, e) from due, session_events before
      where e.task_id = due.task_id and e.session_id = due.id and e.type = 'deleted'
        and before.task_id = due.task_id and before.session_id = due.id and before.place = e.place - 1;
    commit`);
}
