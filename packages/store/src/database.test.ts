import { parseTaskId } from '@phaselock/core';
import { createTestDatabase, eventually, type TestDatabase } from '@phaselock/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Database, openDatabase } from './database.ts';
import { lockSlot } from './slot-state.ts';
import { classifyFailure } from './sqlstates.ts';

const COUNT = { name: 'count_notes', text: 'select count(*) as notes from notes' };
const ADD = { name: 'add_note', text: 'insert into notes (text, other) values ($1, $2)' };
const FAIL = { name: 'fail', text: 'select 1 / 0' };

describe('a transaction', () => {
  let database: TestDatabase;
  let store: Database;
  beforeAll(async () => {
    database = await createTestDatabase();
    store = openDatabase({ url: database.url, maxSize: 2 });
    await store.query(
      {
        name: 'notes',
        text: 'create table notes (text text primary key, other text references notes deferrable initially deferred)',
      },
      [],
    );
  });
  afterEach(async () => {
    expect(store.pool.stats()).toMatchObject({ active: 0, waiting: 0 });
    await store.query({ name: 'clear', text: 'delete from notes' }, []);
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
    await database[Symbol.asyncDispose]();
  });

  const notes = async (): Promise<unknown> => (await store.query(COUNT, []))[0];

  test('is visible to itself at once, and to others after its commit', async () => {
    const transaction = store.transaction();
    await transaction.query(ADD, ['a', null]);
    expect(await transaction.query(COUNT, [])).toEqual([{ notes: 1 }]);
    expect(await notes()).toEqual({ notes: 0 });
    await transaction.commit();
    expect(await notes()).toEqual({ notes: 1 });
  });

  test('commits with its last statement', async () => {
    const transaction = store.transaction();
    await transaction.queryAndCommit(ADD, ['a', null]);
    expect(await notes()).toEqual({ notes: 1 });
    await transaction.commit();
    await transaction.rollback();
    await expect(transaction.query(COUNT, [])).rejects.toThrow('the transaction has ended');
  });

  test('writes nothing when it is rolled back or a statement fails', async () => {
    const undone = store.transaction();
    await undone.query(ADD, ['a', null]);
    await undone.rollback();
    const failed = store.transaction();
    await failed.query(ADD, ['b', null]);
    await expect(failed.query(FAIL, [])).rejects.toMatchObject({ code: '22012' });
    await failed.rollback();
    const failedLast = store.transaction();
    await failedLast.query(ADD, ['c', null]);
    await expect(failedLast.queryAndCommit(FAIL, [])).rejects.toMatchObject({ code: '22012' });
    expect(await notes()).toEqual({ notes: 0 });
  });

  test('rejects when COMMIT fails, with or without a last statement, and releases its connection', async () => {
    const dangling = ['a', 'nobody'];
    const together = store.transaction();
    await expect(together.queryAndCommit(ADD, dangling)).rejects.toMatchObject({ code: '23503' });
    const apart = store.transaction();
    await apart.query(ADD, dangling);
    await expect(apart.commit()).rejects.toMatchObject({ code: '23503' });
    expect(await notes()).toEqual({ notes: 0 });
  });

  test('fails when its connection breaks, can be rolled back, and frees its place in the pool', async () => {
    const transaction = store.transaction();
    const [row] = await transaction.query<{ pid: number }>({ name: 'pid', text: 'select pg_backend_pid() as pid' }, []);
    await store.query({ name: 'kill', text: 'select pg_terminate_backend($1)' }, [row?.pid]);
    const failure: unknown = await transaction.query(COUNT, []).catch((error: unknown) => error);
    expect(classifyFailure(failure)).toBe('connection-lost');
    await transaction.rollback();
    await eventually(() => store.pool.stats().active === 0);
    expect(await notes()).toEqual({ notes: 0 });
  });

  test('takes no connection before its first statement', async () => {
    const transaction = store.transaction();
    expect(store.pool.stats().active).toBe(0);
    await transaction.commit();
    await store.transaction().rollback();
  });

  test('rejects as unavailable when no connection is free, and can be rolled back', async () => {
    await using small = openDatabase({ url: database.url, maxSize: 1, connectionTimeoutMs: 250 });
    const holder = small.transaction();
    await holder.query(COUNT, []);
    const other = small.transaction();
    const failure: unknown = await other.query(COUNT, []).catch((error: unknown) => error);
    expect(classifyFailure(failure)).toBe('unavailable');
    await other.rollback();
    await holder.rollback();
    expect(small.pool.stats().active).toBe(0);
  });

  test('refuses a value that cannot be stored, and keeps the connection usable', async () => {
    const transaction = store.transaction();
    await expect(transaction.queryAndCommit(ADD, ['\ud800', null])).rejects.toThrow('lone surrogate');
    await expect(store.query(ADD, ['\ud800', null])).rejects.toThrow('lone surrogate');
    expect(await notes()).toEqual({ notes: 0 });
  });
});

describe('a lock on a slot', () => {
  test('is released after its maximum time, even when its holder is busy', async () => {
    await using database = await createTestDatabase();
    await using store = openDatabase({ url: database.url, transactionTimeoutMs: 60_000 });
    const id = parseTaskId('10000000-0000-7000-8000-000000000001');
    if (id === undefined) throw new Error('not an id');
    await store.query({ name: 'project', text: "insert into projects (id, name) values ($1, 'p')" }, [id]);
    await store.query({ name: 'task', text: "insert into tasks (id, project_id, title) values ($1, $1, 't')" }, [id]);
    await store.query(
      { name: 'slot', text: "insert into slots (task_id, phase, mode) values ($1, 'run', 'standard')" },
      [id],
    );
    const [holder, other] = [store.transaction(), store.transaction()];
    const wanted = {
      slot: { taskId: id, phase: 'run', mode: 'standard' },
      known: undefined,
      waitMs: 5_000,
      holdMs: 200,
    } as const;
    await lockSlot(holder, wanted);
    const [held, locked] = await Promise.allSettled([
      holder.query({ name: 'busy', text: 'select pg_sleep(10)' }, []),
      lockSlot(other, wanted),
    ]);
    await Promise.all([holder.rollback(), other.rollback()]);
    expect(held.status === 'rejected' && classifyFailure(held.reason)).toBe('connection-lost');
    expect(locked).toMatchObject({ status: 'fulfilled', value: { state: { version: 0, live: null }, waited: true } });
  });
});
