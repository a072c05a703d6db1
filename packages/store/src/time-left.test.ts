import { randomUUID } from 'node:crypto';
import { createTestDatabase, eventually, type TestDatabase } from '@phaselock/testkit';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openDatabase } from './database.ts';
import { waitingWriteCall } from './sql.ts';
import { classifyFailure } from './sqlstates.ts';
import { OutOfTime, type TimeLeft } from './time-left.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

/** A caller whose remaining time is set by `waits`. Before that, there is no waiting caller. */
function aCaller() {
  let until: number | undefined;
  const remainingMs = (): number => Math.max(0, (until ?? 0) - performance.now());
  return {
    whoWaits: (): TimeLeft | undefined => (until === undefined ? undefined : { remainingMs, waitMs: remainingMs }),
    waits: (ms: number) => {
      until = performance.now() + ms;
    },
    left: () => {
      until = undefined;
    },
  };
}

const SLEEP = { name: 'sleep', text: 'select pg_sleep(60)' };
const sleeping = (store: ReturnType<typeof openDatabase>) =>
  sql<{ count: number }>`select count(*)::int as count from pg_stat_activity
    where datname = current_database() and query like 'select pg_sleep%' and state = 'active'`
    .execute(store.kysely)
    .then(({ rows }) => rows[0]?.count);
const backend = (store: ReturnType<typeof openDatabase>) =>
  sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(store.kysely).then(({ rows }) => rows[0]?.pid);

describe('after the caller’s time is over', () => {
  test.each([
    ['a prepared statement', (store: ReturnType<typeof openDatabase>) => store.query(SLEEP, [])],
    ['a Kysely query', (store: ReturnType<typeof openDatabase>) => sql`select pg_sleep(60)`.execute(store.kysely)],
    [
      'a statement in a transaction',
      async (store: ReturnType<typeof openDatabase>) => {
        const transaction = store.transaction();
        try {
          await transaction.query(SLEEP, []);
        } finally {
          await transaction.rollback();
        }
      },
    ],
  ])('%s is cancelled on the server, and its connection is not reused', async (_, ask) => {
    const caller = aCaller();
    await using store = openDatabase({ url: database.url, maxSize: 1, whoWaits: caller.whoWaits });
    const before = await backend(store);
    caller.waits(200);
    await expect(ask(store)).rejects.toThrow();
    caller.left();
    expect(await backend(store)).not.toBe(before);
    await eventually(async () => expect(await sleeping(store)).toBe(0));
  });

  test('a statement is not sent', async () => {
    const caller = aCaller();
    await using store = openDatabase({ url: database.url, whoWaits: caller.whoWaits });
    caller.waits(0);
    const failure: unknown = await store.query(SLEEP, []).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(OutOfTime);
    expect(classifyFailure(failure)).toBe('unavailable');
    expect(store.pool.stats()).toMatchObject({ active: 0, waiting: 0 });
  });
});

test('a wait for a connection ends with the caller’s time; a later connection returns to the pool', async () => {
  const caller = aCaller();
  await using store = openDatabase({ url: database.url, maxSize: 1, whoWaits: caller.whoWaits });
  const held = await store.pool.acquire();
  caller.waits(100);
  await expect(store.query(SLEEP, [])).rejects.toThrow(OutOfTime);
  held.release();
  await eventually(() => expect(store.pool.stats()).toMatchObject({ active: 0, idle: 1, waiting: 0 }));
});

test('a write is not refused as late after a clock was set', async () => {
  const caller = aCaller();
  let set = 0;
  const now = (): number => performance.now() + set;
  await using store = openDatabase({ url: database.url, maxSize: 1, whoWaits: caller.whoWaits }, now);
  const beat = () => store.query(waitingWriteCall('heartbeat', 4), [randomUUID(), 1, randomUUID(), 30_000]);
  caller.waits(30_000);
  const unknown = [{ outcome: 'session-not-found', lease_expires_at: null, replaced_by: null }];
  expect(await beat()).toEqual(unknown);
  set = -60_000;
  expect(await beat()).toEqual(unknown);
  set = 60_000;
  expect(await beat()).toEqual(unknown);
});
