import { once } from 'node:events';
import { access, rename } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { eventually, runAdminStatement, spawnNode } from '@phaselock/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { temporaryDataDirectory } from '../../test/embedded/temporary-data-directory.ts';
import { openDatabase } from '../database.ts';
import { findCluster } from './cluster-path.ts';
import { processBirth } from './process-birth.ts';
import { backendsOf } from './server-processes.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';
import type { ServerEvent } from './supervise-server.ts';

const settings = { fsync: 'off' };
const within = { withinMs: 30_000 };

let directory: Awaited<ReturnType<typeof temporaryDataDirectory>>;
beforeEach(async () => {
  directory = await temporaryDataDirectory();
});
afterEach(() => directory[Symbol.asyncDispose]());

async function startObserved() {
  const events: ServerEvent[] = [];
  const server = await startEmbeddedPostgres({
    dataDir: directory.path,
    settings,
    observe: (event) => void events.push(event),
  });
  const kinds = (): string[] => events.map((event) => (event.kind === 'not-starting' ? event.trouble : event.kind));
  return { server, events, kinds };
}

const one = (url: string): Promise<unknown> => runAdminStatement(url, 'SELECT 1 AS one');
const clusterOf = async (): Promise<string> => (await findCluster(join(directory.path, 'cluster'))) ?? '';
const end = async (pid: number): Promise<void> => {
  process.kill(pid, 'SIGKILL');
  await eventually(async () => expect(await processBirth(pid)).toBeUndefined());
};

test('a killed postmaster is restarted at the same address with its committed data, and pools recover', async () => {
  const { server, events, kinds } = await startObserved();
  await using _server = server;
  await using database = openDatabase({ url: server.url, maxSize: 2 });
  await database.query({ name: 'keep', text: 'CREATE TABLE kept AS SELECT 7 AS value' }, []);
  const { pid } = server;
  await end(pid);
  await eventually(() => expect(kinds()).toEqual(['ended', 'running-again']), within);
  expect(server.state()).toBe('running');
  expect(server.pid).not.toBe(pid);
  expect(events[1]).toMatchObject({ startedHere: true, tries: 1, pid: server.pid });
  const kept = { name: 'read', text: 'SELECT value FROM kept' };
  await eventually(async () => expect(await database.query(kept, [])).toEqual([{ value: 7 }]));
});

test('a server whose processes were all killed is restarted, even while a backend hangs', async () => {
  const { server, kinds } = await startObserved();
  await using _server = server;
  const cluster = await clusterOf();
  const children = await backendsOf(cluster);
  for (const pid of [server.pid, ...children]) process.kill(pid, 'SIGKILL');
  await eventually(() => expect(kinds()).toEqual(['ended', 'running-again']), within);

  const [frozen = 0] = await backendsOf(cluster);
  process.kill(frozen, 'SIGSTOP');
  await end(server.pid);
  await eventually(() => expect(kinds()).toEqual(['ended', 'running-again', 'ended', 'running-again']), within);
  expect(await processBirth(frozen)).toBeUndefined();
  expect(await one(server.url)).toEqual([{ one: 1 }]);
});

test('a killed backend causes no restart, because PostgreSQL itself recovers', async () => {
  const { server, kinds } = await startObserved();
  await using _server = server;
  const { pid } = server;
  const sleeping = runAdminStatement(server.url, 'SELECT pg_sleep(60)').catch(() => 'ended');
  const active = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)%' AND state = 'active'";
  const backend = await eventually(async () => {
    const [row] = await runAdminStatement(server.adminUrl, active);
    expect(row).toBeDefined();
    return Number(row?.pid);
  });
  process.kill(backend, 'SIGKILL');
  expect(await sleeping).toBe('ended');
  await eventually(async () => expect(await one(server.url)).toEqual([{ one: 1 }]), within);
  expect(kinds()).toEqual([]);
  expect(server.pid).toBe(pid);
});

test('one of three processes restarts the server, and the others join it', async () => {
  const holdServer = fileURLToPath(new URL('../../test/embedded/hold-server.ts', import.meta.url));
  await using a = spawnNode(holdServer, { args: [directory.path] });
  await using b = spawnNode(holdServer, { args: [directory.path] });
  await using c = spawnNode(holdServer, { args: [directory.path] });
  const ready = await Promise.all([a, b, c].map((child) => child.waitForLine(/^ready \w+ (\d+)$/)));
  process.kill(Number(ready[0]?.[1]), 'SIGKILL');
  const again = await Promise.all([a, b, c].map((child) => child.waitForLine(/^again (\w+) (\d+)$/)));
  expect(again.map(([, how]) => how).toSorted()).toEqual(['joined', 'joined', 'started']);
  const [pid = '', ...others] = new Set(again.map(([, , started]) => started));
  expect(others).toEqual([]);
  for (const child of [a, b, c]) {
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  }
  // The last process stopped the server, which is not reported as a crash.
  expect(await processBirth(Number(pid))).toBeUndefined();
});

test('a port that another program has taken is reported once, and used again when it is free', async () => {
  const { server, kinds } = await startObserved();
  await using _server = server;
  const control = join(await clusterOf(), 'global', 'pg_control');
  await rename(control, `${control}.away`);
  await end(server.pid);
  await eventually(() => expect(kinds()).toEqual(['ended', 'other']), within);
  const stranger = createServer().listen(Number(new URL(server.url).port), '127.0.0.1');
  await once(stranger, 'listening');
  await rename(`${control}.away`, control);
  await eventually(() => expect(kinds()).toEqual(['ended', 'other', 'port-taken']), within);
  expect(server.state()).toBe('restarting');
  stranger.close();
  await once(stranger, 'close');
  await eventually(() => expect(kinds().at(-1)).toBe('running-again'), within);
  expect(await one(server.url)).toEqual([{ one: 1 }]);
});

test('a server that cannot start is retried and reported once, until it starts', async () => {
  const { server, events, kinds } = await startObserved();
  await using _server = server;
  const control = join(await clusterOf(), 'global', 'pg_control');
  await rename(control, `${control}.away`);
  await end(server.pid);
  await eventually(() => expect(kinds()).toEqual(['ended', 'other']), within);
  expect(events[1]).toMatchObject({ kind: 'not-starting', dataDir: server.dataDir });
  await rename(`${control}.away`, control);
  await eventually(() => expect(kinds()).toEqual(['ended', 'other', 'running-again']), within);
});

test('a stop during a restart leaves no server running', async () => {
  const { server, kinds } = await startObserved();
  const control = join(await clusterOf(), 'global', 'pg_control');
  await rename(control, `${control}.away`);
  await end(server.pid);
  await eventually(() => expect(kinds()).toContain('other'), within);
  await rename(`${control}.away`, control);
  await server.stop();
  expect(kinds()).not.toContain('running-again');
  expect(await backendsOf(await clusterOf())).toEqual([]);
});

test('a cluster that was moved away is not replaced by an empty one, and is used again when it is back', async () => {
  const { server, kinds } = await startObserved();
  const link = join(directory.path, 'cluster');
  await rename(link, `${link}.away`);
  process.kill(server.pid, 'SIGKILL');
  await eventually(() => expect(kinds()).toEqual(['ended', 'other']), within);
  await expect(access(link)).rejects.toThrow('ENOENT');
  await rename(`${link}.away`, link);
  await eventually(() => expect(kinds()).toEqual(['ended', 'other', 'running-again']), within);
  await server.stop();
});
