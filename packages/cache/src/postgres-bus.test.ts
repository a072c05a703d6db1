import { createTestDatabase, eventually, type TestDatabase } from '@phaselock/testkit';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { busContract, type OpenBus, QUICK, recorded } from '../test/bus-contract.ts';
import { recordedObserver } from '../test/recorded-observer.ts';
import { sampleInvalidation, sampleSlot } from '../test/sample-slots.ts';
import { stallableProxy } from '../test/stallable-proxy.ts';
import { createPostgresBus } from './postgres-bus.ts';

describe('a bus over PostgreSQL', () => {
  let database: TestDatabase;
  let client: pg.Client;
  beforeAll(async () => {
    database = await createTestDatabase();
    client = await connectTo(database.url);
  });
  afterAll(async () => {
    await client.end();
    await database[Symbol.asyncDispose]();
  });

  const connectTo = async (url: string): Promise<pg.Client> => {
    const connection = new pg.Client({ connectionString: url, application_name: 'bus' });
    await connection.connect();
    return connection;
  };
  const open: OpenBus = (options) =>
    createPostgresBus({ connect: () => connectTo(database.url), timeoutMs: 2_000, ...options });
  const killListeners = () =>
    client.query(
      `select pg_terminate_backend(pid) from pg_stat_activity
       where datname = current_database() and application_name = 'bus' and pid <> pg_backend_pid()`,
    );

  busContract(open, (text) => client.query('select pg_notify($1, $2)', ['phaselock_invalidations', text]));

  it('sends concurrent messages as one statement, only the newest per slot', async () => {
    const statements: unknown[] = [];
    const connect = async () => {
      const connection = await connectTo(database.url);
      return {
        query: (text: string, values?: unknown[]) => {
          statements.push(values?.[1]);
          return connection.query(text, values);
        },
        on: connection.on.bind(connection),
        end: () => connection.end(),
      };
    };
    await using bus = createPostgresBus({ ...QUICK, beatEveryMs: 60_000, staleAfterMs: 120_000, origin: 'a', connect });
    const { heard } = recorded(bus);
    await eventually(() => statements.length > 0);
    await bus.publish(sampleInvalidation(1));
    statements.length = 0;
    heard.length = 0;
    const others = Array.from({ length: 300 }, (_, number) => sampleInvalidation(1, sampleSlot(number + 2)));
    await Promise.all(
      [1, 3, 2]
        .map((version) => bus.publish(sampleInvalidation(version)))
        .concat(others.map((other) => bus.publish(other))),
    );
    // The first beat may be sent in between, as a single text.
    const sizes = statements.map((texts) => (Array.isArray(texts) ? texts.length : 0));
    expect(sizes.filter((size) => size !== 1)).toEqual([301]);
    await eventually(() => heard.length === 301);
    expect(heard[0]?.invalidation.version).toBe(3);
  });

  it('reconnects when its connection is killed, and resets before it is healthy again', async () => {
    await using bus = open({ ...QUICK, staleAfterMs: 60_000, origin: 'a' });
    const { resets, heard } = recorded(bus);
    await eventually(() => bus.healthy());
    const before = resets();
    await killListeners();
    await eventually(() => resets() > before && bus.healthy());
    await bus.publish(sampleInvalidation(2));
    await eventually(() => heard.length === 1);
  });

  it('retries messages that could not be sent, and counts those it gave up', async () => {
    const observer = recordedObserver();
    const connect = () => Promise.reject(new Error('no database'));
    await using bus = createPostgresBus({ ...QUICK, origin: 'a', connect, observer, log: observer.log });
    await Promise.all([bus.publish(sampleInvalidation(1)), bus.publish(sampleInvalidation(1, sampleSlot(2)))]);
    expect([observer.count('retried'), observer.count('failed'), observer.count('delivered')]).toEqual([3, 2, 0]);
    expect(observer.lines).toContain('The connection for invalidations could not be opened; retrying.');
  });

  it('replaces a connection that is open but dead', async () => {
    const { hostname, port } = new URL(database.url);
    await using proxy = await stallableProxy({ host: hostname, port: Number(port || 5432) });
    const throughProxy = new URL(database.url);
    throughProxy.hostname = '127.0.0.1';
    throughProxy.port = `${proxy.port}`;
    await using bus = createPostgresBus({
      ...QUICK,
      origin: 'a',
      connect: () => connectTo(throughProxy.href),
      connectTimeoutMs: 300,
    });
    const { resets } = recorded(bus);
    await eventually(() => bus.healthy());
    const before = resets();
    proxy.stall();
    await eventually(() => !bus.healthy());
    proxy.recover();
    await eventually(() => bus.healthy());
    expect(resets()).toBeGreaterThan(before);
  });

  it('closes its connection when it is disposed', async () => {
    const bus = open({ ...QUICK, origin: 'a' });
    await eventually(() => bus.healthy());
    await bus[Symbol.asyncDispose]();
    await eventually(async () => {
      const { rows } = await client.query(
        `select 1 from pg_stat_activity where datname = current_database() and application_name = 'bus' and pid <> pg_backend_pid()`,
      );
      return rows.length === 0;
    });
  });
});
