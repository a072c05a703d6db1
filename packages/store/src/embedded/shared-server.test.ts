import { access, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runAdminStatement, type SpawnedNode, spawnNode } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { temporaryDataDirectory } from '../../test/embedded/temporary-data-directory.ts';
import { processBirth } from './process-birth.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';

const holdServer = fileURLToPath(new URL('../../test/embedded/hold-server.ts', import.meta.url));
const hold = (dataDir: string) => spawnNode(holdServer, { args: [dataDir] });
const settings = { fsync: 'off' };

async function readiness(child: SpawnedNode): Promise<{ how: string | undefined; pid: number }> {
  const [, how, pid] = await child.waitForLine(/^ready (\w+) (\d+)$/);
  return { how, pid: Number(pid) };
}

test('one of three concurrent processes starts the server, and the last one to stop shuts it down', async () => {
  await using directory = await temporaryDataDirectory();
  await using a = hold(directory.path);
  await using b = hold(directory.path);
  await using c = hold(directory.path);
  const states = await Promise.all([a, b, c].map(readiness));
  expect(states.map(({ how }) => how).toSorted()).toEqual(['reused', 'reused', 'started']);
  const [pid = 0, ...others] = new Set(states.map((state) => state.pid));
  expect(others).toEqual([]);
  for (const child of [a, b, c]) {
    expect(await processBirth(pid)).toBeDefined();
    child.kill('SIGTERM');
    expect(await child.exited).toEqual({ code: 0, signal: null });
  }
  expect(await processBirth(pid)).toBeUndefined();
});

test('the server outlives the killed process that started it', async () => {
  await using directory = await temporaryDataDirectory();
  await using starter = hold(directory.path);
  const { pid } = await readiness(starter);
  const server = await startEmbeddedPostgres({ dataDir: directory.path, settings });
  starter.kill('SIGKILL');
  await starter.exited;
  expect(await runAdminStatement(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await server.stop();
  expect(await processBirth(pid)).toBeUndefined();
});

test('a server whose users were all killed is joined again', async () => {
  await using directory = await temporaryDataDirectory();
  await using killed = hold(directory.path);
  const { pid } = await readiness(killed);
  killed.kill('SIGKILL');
  await killed.exited;
  await using server = await startEmbeddedPostgres({ dataDir: directory.path, settings });
  expect(server).toMatchObject({ reused: true, pid });
});

test('an interrupted initdb is repeated by the next start', async () => {
  await using directory = await temporaryDataDirectory();
  await using killed = hold(directory.path);
  await killed.waitForLine(/creating a cluster/);
  killed.kill('SIGKILL');
  await killed.exited;
  await expect(access(join(directory.path, 'cluster'))).rejects.toThrow('ENOENT');
  const server = await startEmbeddedPostgres({ dataDir: directory.path, settings });
  expect(server.reused).toBe(false);
  expect(await runAdminStatement(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  await server.stop();
  expect((await readdir(directory.path)).toSorted()).toEqual(
    ['changing', 'cluster', 'password', 'port', 'server.log', 'users'].toSorted(),
  );
});
