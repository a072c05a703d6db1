import { createTestDatabase, eventually, runAdminStatement, type TestDatabase } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openPool, POOL_DEFAULTS } from './pool.ts';
import { classifyFailure } from './sqlstates.ts';
import { OutOfTime } from './time-left.ts';

describe('the pool', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database[Symbol.asyncDispose]());

  function observed() {
    const waits: number[] = [];
    const timeouts: number[] = [];
    let failures = 0;
    const observer = {
      waited: (seconds: number) => void waits.push(seconds),
      waitTimedOut: (seconds: number) => void timeouts.push(seconds),
      connectionFailed: () => {
        failures += 1;
      },
    };
    return { observer, waits, timeouts, failures: () => failures };
  }

  test('counts active and idle connections and waiting callers', async () => {
    await using pool = openPool({ url: database.url, maxSize: 2 });
    expect(pool.stats()).toEqual({ active: 0, idle: 0, waiting: 0, max: 2, connectionFailures: 0 });
    const [one, two] = [await pool.acquire(), await pool.acquire()];
    const third = pool.acquire();
    expect(pool.stats()).toMatchObject({ active: 2, idle: 0, waiting: 1 });
    one.release();
    (await third).release();
    expect(pool.stats()).toMatchObject({ active: 1, idle: 1, waiting: 0 });
    two.release();
    expect(pool.stats()).toMatchObject({ active: 0, idle: 2 });
  });

  test('reports every wait to its observer, including the queue', async () => {
    await using pool = openPool({ url: database.url, maxSize: 1 });
    const { observer, waits } = observed();
    pool.observe(observer);
    const first = await pool.acquire();
    const second = pool.acquire();
    expect(waits).toHaveLength(1);
    first.release();
    (await second).release();
    expect(waits).toHaveLength(2);
    expect(waits.every((seconds) => seconds >= 0)).toBe(true);
  });

  test('rejects after the time-out when it is exhausted, counts the failure, and stays usable', async () => {
    await using pool = openPool({ url: database.url, maxSize: 1, connectionTimeoutMs: 250 });
    const { observer, waits, timeouts, failures } = observed();
    pool.observe(observer);
    const held = await pool.acquire();
    const failure: unknown = await pool.acquire().catch((error: unknown) => error);
    expect(classifyFailure(failure)).toBe('unavailable');
    expect(pool.stats()).toMatchObject({ connectionFailures: 1, waiting: 0 });
    expect(failures()).toBe(1);
    expect(timeouts).toHaveLength(1);
    expect(waits).toHaveLength(1);
    held.release();
    (await pool.acquire()).release();
  });

  test('reports a wait that ends with the caller’s time, but none for a caller without time', async () => {
    // Long enough to open a connection on a busy machine.
    let left = 10_000;
    const whoWaits = () => ({ remainingMs: () => left, waitMs: () => left });
    await using pool = openPool({ url: database.url, maxSize: 1, whoWaits });
    const { observer, timeouts, failures } = observed();
    pool.observe(observer);
    const held = await pool.acquire();
    left = 100;
    await expect(pool.acquire()).rejects.toThrow(OutOfTime);
    expect(timeouts).toHaveLength(1);
    left = 0;
    await expect(pool.acquire()).rejects.toThrow(OutOfTime);
    expect(timeouts).toHaveLength(1);
    expect(failures()).toBe(2);
    held.release();
  });

  test('counts a failure when the server is unreachable', async () => {
    await using pool = openPool({ url: 'postgres://127.0.0.1:1/nowhere' });
    const { observer, timeouts } = observed();
    pool.observe(observer);
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    expect(pool.stats()).toMatchObject({ connectionFailures: 1, active: 0 });
    // The connection was refused, so there was no wait.
    expect(timeouts).toEqual([]);
  });

  test.each(['checked out', 'idle'])('survives the loss of a connection that is %s', async (state) => {
    await using pool = openPool({ url: database.url, maxSize: 1 });
    const client = await pool.acquire();
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const ended = new Promise((resolve) => client.once('end', resolve));
    if (state === 'idle') client.release();
    // Without an error listener of the pool, the error event would end this process.
    await runAdminStatement(database.url, 'select pg_terminate_backend($1)', [String(rows[0]?.pid)]);
    await ended;
    if (state !== 'idle') client.release(true);
    await eventually(() => pool.stats().idle === 0);
    const next = await pool.acquire();
    expect((await next.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    next.release();
  });

  test('sets its time-outs on every connection, unless startup settings are off', async () => {
    const bounds = async (startupSettings: boolean) => {
      await using pool = openPool({ url: database.url, startupSettings, applicationName: 'bounded' });
      const client = await pool.acquire();
      const { rows } = await client.query(
        `select current_setting('statement_timeout') as statement, current_setting('lock_timeout') as lock,
                current_setting('transaction_timeout') as transaction, current_setting('application_name') as name`,
      );
      client.release();
      return rows[0];
    };
    expect(await bounds(true)).toEqual({ statement: '15s', lock: '5s', transaction: '30s', name: 'bounded' });
    expect(await bounds(false)).toEqual({ statement: '0', lock: '0', transaction: '0', name: 'bounded' });
    expect(POOL_DEFAULTS).toMatchObject({ maxSize: 16, connectionTimeoutMs: 5_000, idleTimeoutMs: 30_000 });
  });

  test('reads bigints as numbers, and can be closed twice', async () => {
    const pool = openPool({ url: database.url });
    const client = await pool.acquire();
    const { rows } = await client.query('select 9007199254740991::bigint as most, count(*) as count from sessions');
    expect(rows).toEqual([{ most: Number.MAX_SAFE_INTEGER, count: 0 }]);
    client.release();
    await pool[Symbol.asyncDispose]();
    await pool[Symbol.asyncDispose]();
  });
});
