import { access, chmod, mkdir, realpath, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { runAdminStatement } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { temporaryDataDirectory } from '../../test/embedded/temporary-data-directory.ts';
import { SHARED_DIRECTORY } from './data-directory.ts';
import { removeEmbeddedPostgres } from './remove-embedded-postgres.ts';
import { isRoot } from './server-account.ts';
import { startEmbeddedPostgres } from './start-embedded-postgres.ts';

const settings = { fsync: 'off' };

test('a private data directory works for every user; for root, the cluster is in the shared directory', async () => {
  await using directory = await temporaryDataDirectory();
  await chmod(directory.path, 0o700);
  const server = await startEmbeddedPostgres({ dataDir: directory.path, settings });
  expect(await runAdminStatement(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  const cluster = await realpath(join(directory.path, 'cluster'));
  expect(dirname(cluster)).toBe(isRoot() ? SHARED_DIRECTORY : directory.path);
  expect(await removeEmbeddedPostgres(directory.path)).toBe(false);
  await server.stop();
  expect(await removeEmbeddedPostgres(directory.path)).toBe(true);
  await expect(access(cluster)).rejects.toThrow('ENOENT');
});

test('a data directory that others can enter contains the cluster, which is not owned by root', async () => {
  await using directory = await temporaryDataDirectory();
  await chmod(directory.path, 0o711);
  await using _server = await startEmbeddedPostgres({ dataDir: directory.path, settings });
  const cluster = join(directory.path, 'cluster');
  expect(await realpath(cluster)).toBe(cluster);
  expect((await stat(cluster)).uid).not.toBe(0);
});

test('a start fails if the cluster directory is no cluster or has another version', async () => {
  await using directory = await temporaryDataDirectory();
  const cluster = join(directory.path, 'cluster');
  await mkdir(cluster);
  const start = () => startEmbeddedPostgres({ dataDir: directory.path, settings });
  await expect(start()).rejects.toThrow(/is not a PostgreSQL cluster/);
  await writeFile(join(cluster, 'PG_VERSION'), '15\n');
  await expect(start()).rejects.toThrow(/created by PostgreSQL 15; the embedded version is 18/);
  await writeFile(join(cluster, 'PG_VERSION'), '18\n');
});
