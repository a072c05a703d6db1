import { createTestDatabase, type TestDatabase } from '@phaselock/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database[Symbol.asyncDispose]();
});

const TASK = '10000000-0000-7000-8000-000000000001';

/** Inserts a project and a task, both with the id TASK. */
async function aTask(): Promise<void> {
  await client.query(`insert into projects (id, name) values ('${TASK}', 'p') on conflict do nothing`);
  await client.query(
    `insert into tasks (id, project_id, title) values ('${TASK}', '${TASK}', 't') on conflict do nothing`,
  );
}

const insertSession = async (guarded: boolean, deleted = false): Promise<unknown> =>
  await client.query(
    `insert into sessions (id, task_id, phase, mode, agent, status, generation, guarded, created_at, updated_at, deleted_at, deleted_reason)
     values (gen_random_uuid(), $1, 'run', 'standard', 'codex', 'ready', 1, $2, now(), now(), $3, $4)`,
    [TASK, guarded, deleted ? new Date() : null, deleted ? 'deleted' : null],
  );

describe('the database', () => {
  test('rejects updates, deletions and truncation of session events', async () => {
    await client.query(
      `insert into session_events (task_id, phase, mode, session_id, type, generation, at) values ($1, 'run', 'standard', $1, 'created', 1, now())`,
      [TASK],
    );
    for (const change of [
      'update session_events set actor = null',
      'delete from session_events',
      'truncate session_events',
    ]) {
      await expect(client.query(change)).rejects.toMatchObject({ code: '23001' });
    }
    expect((await client.query('select 1 from session_events')).rows).toHaveLength(1);
  });

  test('allows only one guarded live session per slot', async () => {
    await aTask();
    await insertSession(true);
    await expect(insertSession(true)).rejects.toMatchObject({ code: '23505', constraint: 'sessions_one_live' });
    await insertSession(false);
    await insertSession(true, true);
  });

  test.each([
    ['tasks', 'project_id'],
    ['attempts', 'task_id'],
    ['sessions', 'task_id'],
    ['processes', 'session_id'],
    ['processes', 'attempt_id'],
    ['session_logs', 'session_id'],
    ['earlier_conversations', 'session_id'],
  ])('defines %s.%s as a foreign key that is not null', async (table, column) => {
    const { rows } = await client.query(
      `select a.attnotnull as required, exists (
         select 1 from pg_constraint c where c.conrelid = a.attrelid and c.contype = 'f' and c.conkey = array[a.attnum]) as referenced
       from pg_attribute a where a.attrelid = $1::regclass and a.attname = $2`,
      [table, column],
    );
    expect(rows).toEqual([{ required: true, referenced: true }]);
  });

  test('has no foreign key to slots, because a slot lock must not block foreign key checks', async () => {
    expect((await client.query("select 1 from pg_constraint where confrelid = 'slots'::regclass")).rows).toEqual([]);
  });

  test.each([
    ['a deletion without a reason', 'deleted_at = now()'],
    ['a reason without a deletion', "deleted_reason = 'deleted'"],
    ['a successor of a live session', 'replaced_by = gen_random_uuid()'],
    ['a guarded standalone session', 'standalone = true, guarded = true'],
    ['an unknown status', "status = 'sleeping'"],
  ])('refuses %s', async (_, change) => {
    await aTask();
    await insertSession(false);
    await expect(client.query(`update sessions set ${change} where deleted_at is null`)).rejects.toMatchObject({
      code: '23514',
    });
  });
});
