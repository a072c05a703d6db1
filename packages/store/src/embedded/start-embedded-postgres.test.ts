import { once } from 'node:events';
import { readFile, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { runAdminStatement } from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDataDirectory } from '../../test/embedded/temporary-data-directory.ts';
import { findCluster } from './cluster-path.ts';
import { processBirth } from './process-birth.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';

let directory: Awaited<ReturnType<typeof temporaryDataDirectory>>;
const settings = { fsync: 'off' };
const start = (more: { readonly port?: number } = {}) =>
  startEmbeddedPostgres({ dataDir: directory.path, settings, ...more });

beforeAll(async () => {
  directory = await temporaryDataDirectory();
});
afterAll(() => directory[Symbol.asyncDispose]());

async function occupy(port: number): Promise<AsyncDisposable> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    [Symbol.asyncDispose]: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

test('a new server has the database, listens on loopback only and requires its password', async () => {
  await using server = await start();
  expect(server.reused).toBe(false);
  const [row] = await runAdminStatement(
    server.url,
    `SELECT current_database() AS database, current_setting('listen_addresses') AS address,
       current_setting('max_connections') AS connections, current_setting('data_checksums') AS checksums,
       current_setting('fsync') AS fsync, current_setting('server_encoding') AS encoding`,
  );
  expect(row).toEqual({
    database: 'phaselock',
    address: '127.0.0.1',
    connections: '200',
    checksums: 'on',
    fsync: 'off',
    encoding: 'UTF8',
  });
  expect((await stat(join(directory.path, 'password'))).mode & 0o777).toBe(0o600);
  const wrong = new URL(server.url);
  wrong.password = 'wrong';
  await expect(runAdminStatement(wrong.href, 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
});

test('a second start joins the server, and the last stop shuts it down', async () => {
  const first = await start();
  const second = await start();
  expect(second).toMatchObject({ reused: true, pid: first.pid, url: first.url });
  await first.stop();
  await first.stop();
  expect(await runAdminStatement(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await second.stop();
  expect(await processBirth(first.pid)).toBeUndefined();
});

test('committed data survives a crash, and the address stays the same', async () => {
  const crashed = await start();
  await runAdminStatement(crashed.url, 'CREATE TABLE kept AS SELECT 7 AS value');
  await crashed.killHard();
  await using server = await start();
  expect(server).toMatchObject({ reused: false, url: crashed.url });
  expect(await runAdminStatement(server.url, 'SELECT value FROM kept')).toEqual([{ value: 7 }]);
});

test('a query that outlives its killed postmaster does not prevent a restart', async () => {
  const crashed = await start();
  const busy = runAdminStatement(crashed.url, 'SELECT count(*) FROM generate_series(1, 1e12)').catch(() => 'ended');
  const isBusy = `SELECT FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%1e12%' AND pid <> pg_backend_pid()`;
  await expect.poll(() => runAdminStatement(crashed.adminUrl, isBusy)).toHaveLength(1);
  const { pid } = crashed;
  process.kill(pid, 'SIGKILL');
  await expect.poll(() => processBirth(pid)).toBeUndefined();
  await using server = await start();
  expect(server.pid).not.toBe(pid);
  expect(await busy).toBe('ended');
  await crashed.stop();
});

test('a stale lock file whose pid was reused does not prevent a start', async () => {
  const before = await start();
  await before.killHard();
  const lock = join((await findCluster(join(directory.path, 'cluster'))) ?? '', 'postmaster.pid');
  const [, ...rest] = (await readFile(lock, 'utf8')).split('\n');
  await writeFile(lock, [process.pid, ...rest].join('\n'));
  await using server = await start();
  expect(server.reused).toBe(false);
});

test('a remembered port that is taken is replaced, a named one is an error', async () => {
  const before = await start();
  const port = Number(new URL(before.url).port);
  await before.stop();
  await using _taken = await occupy(port);
  await expect(start({ port })).rejects.toThrow(`Port ${port} is taken`);
  await using server = await start();
  expect(Number(new URL(server.url).port)).not.toBe(port);
});

test('a named port is an error while the server runs on another port', async () => {
  await using server = await start();
  await expect(start({ port: 1 })).rejects.toThrow(`already runs on port ${new URL(server.url).port}`);
});

test('the error of a failed start contains the end of the server log', async () => {
  const bad = startEmbeddedPostgres({ dataDir: directory.path, settings: { shared_buffers: 'plenty' } });
  await expect(bad).rejects.toThrow(/ended with 1.*invalid value for parameter "shared_buffers"/s);
});
