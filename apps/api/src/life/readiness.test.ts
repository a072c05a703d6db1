import { chmod, copyFile, realpath, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { prepareDatabase } from '@phaselock/guard';
import { startEmbeddedPostgres } from '@phaselock/store';
import {
  createEmptyDatabase,
  createTestDatabase,
  eventually,
  runAdminStatement,
  spawnNode,
  temporaryDirectory,
} from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { watchReadiness } from './readiness.ts';

test('a service is not ready on a standby until the standby is promoted', async () => {
  await using directory = await temporaryDirectory();
  const dataDir = directory.path;
  await chmod(dataDir, 0o711);
  await (await startEmbeddedPostgres({ dataDir })).stop();
  const cluster = await realpath(join(dataDir, 'cluster'));
  // Copied, so that the file belongs to the account of the server. Its content does not matter.
  await copyFile(join(cluster, 'PG_VERSION'), join(cluster, 'standby.signal'));
  await writeFile(join(cluster, 'postgresql.auto.conf'), "hot_standby = 'on'\n", { flag: 'a' });
  await using standby = await startEmbeddedPostgres({ dataDir });

  await using readiness = watchReadiness({
    databaseUrl: standby.url,
    startupSettings: true,
    serverState: undefined,
    awaitsSchema: false,
  });
  await eventually(() => readiness.whyNot() !== 'starting');
  expect(readiness.whyNot()).toBe('database');
  await runAdminStatement(standby.adminUrl, 'select pg_promote()');
  await eventually(() => readiness.whyNot() === null);
});

const LATEST = 'where version = (select max(version) from phaselock_migrations)';

test('a service that does not migrate is not ready until its schema is up to date', async () => {
  await using database = await createTestDatabase();
  await runAdminStatement(database.url, `create table held as select * from phaselock_migrations ${LATEST}`);
  await runAdminStatement(database.url, `delete from phaselock_migrations ${LATEST}`);
  await using readiness = watchReadiness({
    databaseUrl: database.url,
    startupSettings: true,
    serverState: undefined,
    awaitsSchema: true,
  });
  await eventually(() => readiness.whyNot() !== 'starting');
  expect(readiness.whyNot()).toBe('schema');
  await runAdminStatement(database.url, 'insert into phaselock_migrations select * from held');
  await eventually(() => readiness.whyNot() === null);
});

test('with PHASELOCK_MIGRATE=off, /readyz and phaselock_ready are not ready before the migration', async () => {
  await using database = await createEmptyDatabase();
  await using api = spawnNode(resolve(import.meta.dirname, '../main.ts'), {
    env: {
      PHASELOCK_PORT: '0',
      PHASELOCK_AUTH: 'off',
      PHASELOCK_MIGRATE: 'off',
      PHASELOCK_DATABASE_URL: database.url,
    },
  });
  const [, url = ''] = await api.waitForLine(/is up at (http:\S+)/);
  const readyz = async () => {
    const answer = await fetch(`${url}/readyz`);
    return [answer.status, await answer.json()];
  };
  const gauge = async () => /^phaselock_ready (\d)$/m.exec(await (await fetch(`${url}/metrics`)).text())?.[1];
  await eventually(async () => expect(await readyz()).toEqual([503, { status: 'not-ready', why: 'schema' }]));
  expect(await gauge()).toBe('0');
  await prepareDatabase(database.url);
  await eventually(async () => expect(await readyz()).toEqual([200, { status: 'ready', why: null }]));
  expect(await gauge()).toBe('1');
  expect((await fetch(`${url}/v1/projects`)).status).toBe(200);
});
