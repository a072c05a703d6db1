import { chmod, copyFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '@phaselock/store';
import { eventually, runAdminStatement, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { watchReadiness } from './readiness.ts';

test('a server that takes no writes is no database to be ready with, until it is promoted', async () => {
  await using directory = await temporaryDirectory();
  const dataDir = directory.path;
  await chmod(dataDir, 0o711);
  await (await startEmbeddedPostgres({ dataDir })).stop();
  const cluster = await realpath(join(dataDir, 'cluster'));
  // A file of the account of the server: what is in it does not matter.
  await copyFile(join(cluster, 'PG_VERSION'), join(cluster, 'standby.signal'));
  await writeFile(join(cluster, 'postgresql.auto.conf'), "hot_standby = 'on'\n", { flag: 'a' });
  await using standby = await startEmbeddedPostgres({ dataDir });

  await using readiness = watchReadiness({ databaseUrl: standby.url, startupSettings: true, serverState: undefined });
  await eventually(() => readiness.whyNot() !== 'starting');
  expect(readiness.whyNot()).toBe('database');
  await runAdminStatement(standby.adminUrl, 'select pg_promote()');
  await eventually(() => readiness.whyNot() === null);
});
