import { createTestDatabase, type TestDatabase } from '@phaselock/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from './database.ts';
import { classifyFailure } from './sqlstates.ts';

const NOBODY = '00000000-0000-7000-8000-000000000000';

describe('classifyFailure', () => {
  let database: TestDatabase;
  let store: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
    store = openDatabase({ url: database.url, maxSize: 4 });
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const sql = (text: string, values: readonly unknown[] = []) => store.query({ name: '', text }, values);
  const failureOf = async (attempt: Promise<unknown>): Promise<string> =>
    await attempt.then(
      () => 'it did not fail',
      (error: unknown) => classifyFailure(error),
    );

  test.each([
    ['NUL in text', 'select $1::text', ['a\0b'], 'bad-value'],
    ['a lone surrogate in text', 'select $1::text', ['\ud800'], 'bad-value'],
    ['NUL in jsonb', 'select $1::jsonb', [JSON.stringify('a\0b')], 'bad-value'],
    ['a lone surrogate in jsonb', 'select $1::jsonb', [JSON.stringify('\ud800')], 'bad-value'],
    ['a malformed UUID', 'select $1::uuid', ['no uuid'], 'bad-value'],
    ['malformed JSON', 'select $1::json', ['{'], 'bad-value'],
    ['a number out of range', 'select $1::integer', [2 ** 40], 'bad-value'],
    [
      'an unknown project',
      "insert into tasks (id, project_id, title) values ($1, $1, 't')",
      [NOBODY],
      'missing-project',
    ],
    ['an unknown task', 'insert into attempts (id, task_id) values ($1, $1)', [NOBODY], 'missing-task'],
    [
      'a slot of an unknown task',
      "insert into slots (task_id, phase, mode) values ($1, 'run', 'debug')",
      [NOBODY],
      'missing-task',
    ],
    ['an empty name', "insert into projects (id, name) values ($1, '')", [NOBODY], 'bad-value'],
    ['a statement that takes too long', "select pg_sleep(5), set_config('x.y', $1, false)", ['z'], 'contended'],
    ['a missing table', 'select * from nowhere', [], 'unexpected'],
    ['a division by zero', 'select 1 / $1::int', [0], 'unexpected'],
  ])('classifies the failure caused by %s', async (_, text, values, failure) => {
    await using impatient = openDatabase({ url: database.url, statementTimeoutMs: 100, maxSize: 1 });
    expect(await failureOf(impatient.query({ name: text.slice(0, 60), text }, values))).toBe(failure);
    // After any failure, the next statement gets a working connection.
    expect(await impatient.query({ name: 'one', text: 'select 1 as one' }, [])).toEqual([{ one: 1 }]);
  });

  test('classifies a duplicate name as already-exists', async () => {
    const add = "insert into models (id, agent, name) values (gen_random_uuid(), 'codex', $1)";
    await sql(add, ['taken']);
    expect(await failureOf(sql(add, ['taken']))).toBe('already-exists');
  });

  test('classifies a lock time-out and a deadlock as contended', async () => {
    await sql('create table locked (id int primary key, n int)');
    await sql('insert into locked values (1, 0), (2, 0)');
    const [one, other] = [store.transaction(), store.transaction()];
    const update = { name: 'update_locked', text: 'update locked set n = n + 1 where id = $1' };
    await one.query(update, [1]);
    await other.query(update, [2]);
    const nowait = { name: 'nowait', text: 'select 1 from locked where id = 1 for update nowait' };
    expect(await failureOf(store.query(nowait, []))).toBe('contended');
    const bounded = store.transaction();
    await bounded.query({ name: 'bound', text: "select set_config('lock_timeout', '20ms', true)" }, []);
    expect(await failureOf(bounded.query(update, [1]))).toBe('contended');
    await bounded.rollback();

    const outcomes = await Promise.all([failureOf(one.query(update, [2])), failureOf(other.query(update, [1]))]);
    expect(outcomes.toSorted()).toEqual(['contended', 'it did not fail']);
    await Promise.all([one.rollback(), other.rollback()]);
    expect(store.pool.stats().active).toBe(0);
  });

  test('classifies a killed backend as connection-lost', async () => {
    const killed = sql('select pg_terminate_backend(pg_backend_pid()), pg_sleep(1)');
    expect(await failureOf(killed)).toBe('connection-lost');
    expect(await sql('select 1 as one')).toEqual([{ one: 1 }]);
  });

  test('classifies a transaction that exceeds its maximum time as connection-lost', async () => {
    await using store = openDatabase({ url: database.url, transactionTimeoutMs: 300, maxSize: 1 });
    const tooLong = store.transaction();
    await tooLong.query({ name: 'one', text: 'select 1' }, []);
    expect(await failureOf(tooLong.query({ name: 'long', text: 'select pg_sleep(5)' }, []))).toBe('connection-lost');
    await tooLong.rollback();
    expect(store.pool.stats().active).toBe(0);
  });

  test('classifies an unreachable server and a closed pool as unavailable', async () => {
    await using nowhere = openDatabase({ url: 'postgres://localhost:1/nowhere', maxSize: 1 });
    expect(await failureOf(nowhere.query({ name: 'one', text: 'select 1' }, []))).toBe('unavailable');
    const closed = openDatabase({ url: database.url });
    await closed[Symbol.asyncDispose]();
    expect(await failureOf(closed.query({ name: 'one', text: 'select 1' }, []))).toBe('unavailable');
  });

  test('classifies a server without free connections as unavailable', async () => {
    const { name } = database;
    await sql(`alter database ${name} connection limit 0`);
    const limited = new URL(database.url);
    await sql('create role nobody_special login password $$p$$').catch(() => undefined);
    limited.username = 'nobody_special';
    limited.password = 'p';
    const client = new pg.Client({ connectionString: limited.href });
    client.on('error', () => undefined);
    expect(await failureOf(client.connect())).toBe('unavailable');
    await sql(`alter database ${name} connection limit -1`);
    await sql('drop role nobody_special');
  });

  test.each([
    [{ code: '53100', severity: 'ERROR' }, 'storage-full'],
    [{ code: '53100', severity: 'PANIC' }, 'storage-full'],
    [{ code: 'ENOSPC' }, 'storage-full'],
    [{ code: 'EDQUOT' }, 'storage-full'],
    [{ code: '53200', severity: 'ERROR' }, 'unavailable'],
    [{ code: '57P02', severity: 'WARNING' }, 'connection-lost'],
    [{ code: 'XX000', severity: 'PANIC' }, 'connection-lost'],
    [{ code: 'XX000', severity: 'ERROR' }, 'unexpected'],
    [{ code: '28P01', severity: 'FATAL' }, 'unavailable'],
  ])('classifies an error with %o as %s', (fields, failure) => {
    expect(classifyFailure(Object.assign(new Error('a server error'), fields))).toBe(failure);
  });

  test('classifies errors from elsewhere as unexpected, and an AggregateError by its first error', () => {
    for (const error of [undefined, null, 'text', new Error('something'), { code: '55P03' }]) {
      expect(classifyFailure(error)).toBe('unexpected');
    }
    expect(classifyFailure(new AggregateError([Object.assign(new Error(), { code: 'ECONNREFUSED' })]))).toBe(
      'unavailable',
    );
    expect(classifyFailure(new AggregateError([]))).toBe('unexpected');
  });
});
