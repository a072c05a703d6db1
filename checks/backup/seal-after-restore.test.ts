import { appendFile, chmod, cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { parseSigningKey, signNote } from '@phaselock/audit';
import type { ProjectId } from '@phaselock/core';
import { openGuard } from '@phaselock/guard';
import { type EmbeddedPostgres, migrate, startEmbeddedPostgres } from '@phaselock/store';
import {
  aStart,
  begin,
  createWorld,
  eventually,
  runAdminStatement,
  spawnNode,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { prepareRestore } from '../../ops/backup/prepare-restore.ts';
import { takeBaseBackup } from '../../ops/backup/take-base-backup.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 });

const MAIN = resolve(import.meta.dirname, '../../apps/verify-cli/src/main.ts');

const resources = new AsyncDisposableStack();
let folder: string;
let primary: EmbeddedPostgres;
let projectId: ProjectId;

const at = (name: string): string => join(folder, name);

async function dataDirectory(name: string): Promise<string> {
  await mkdir(at(name));
  // When root runs the test, the server runs as another user, which must be able to enter the folder.
  await chmod(at(name), 0o711);
  return at(name);
}

const start = async (dataDir: string, settings: Readonly<Record<string, string>> = {}): Promise<EmbeddedPostgres> =>
  resources.use(
    await startEmbeddedPostgres({ dataDir, settings: { fsync: 'off', log_checkpoints: 'off', ...settings } }),
  );

async function aSession(databaseUrl: string): Promise<void> {
  await using guard = await openGuard({ databaseUrl, invalidation: 'memory' });
  await begin(guard, aStart(await guard.addTask(projectId, 'a task')));
}

async function verify(url: string, ...args: readonly string[]) {
  await using run = spawnNode(MAIN, {
    args,
    env: { PHASELOCK_DATABASE_URL: url, PHASELOCK_DATA_DIR: '/no/such/place' },
  });
  return { ...(await run.exited), out: run.stdout(), err: run.stderr() };
}
const seal = (url: string, name: string) => verify(url, 'seal', '--key', at('key'), '-o', at(name));
const since = (url: string, name = 'seal') => verify(url, '--since-seal', at(name), '--public-key', at('key.pub'));
const refused = (message: string) => ({ code: 1, err: expect.stringContaining(message) });

/** The data directory of a server that recovers from the base backup, which was taken before the seal. */
async function restored(name: string, fetchWal: string): Promise<string> {
  const dataDir = await dataDirectory(name);
  await cp(at('primary/password'), join(dataDir, 'password'));
  await prepareRestore({ backup: at('backup'), into: join(dataDir, 'cluster'), fetchWal, to: { kind: 'end' } });
  return dataDir;
}

const lineOf = async (name: string, word: string): Promise<string> =>
  (await readFile(at(name), 'utf8')).split('\n').find((line) => line.startsWith(`${word} `)) ?? '';

/** Uses up transaction ids, as the work of the service does, until the server has passed those of the seal. */
async function passTheSeal(url: string): Promise<void> {
  const sealed = Number((await lineOf('seal', 'snapshot')).split(':')[1]);
  await eventually(async () => {
    const [next] = await runAdminStatement(url, 'select pg_current_xact_id()::text as id');
    expect(Number(next?.id)).toBeGreaterThan(sealed);
  });
}

beforeAll(async () => {
  folder = resources.use(await temporaryDirectory()).path;
  await chmod(folder, 0o755);
  await mkdir(at('wal'));
  await chmod(at('wal'), 0o777);
  primary = await start(await dataDirectory('primary'), {
    archive_mode: 'on',
    archive_command: `test ! -f ${at('wal')}/%f && cp %p ${at('wal')}/%f`,
  });
  await migrate(primary.url);
  await using guard = await openGuard({ databaseUrl: primary.url, invalidation: 'memory' });
  ({ projectId } = await createWorld(guard));
  await aSession(primary.url);
  await takeBaseBackup({ url: primary.adminUrl, cluster: at('primary/cluster'), into: at('backup') });
  // A restore from these files alone ends before the seal.
  await cp(at('wal'), at('wal of the backup'), { recursive: true });
  await aSession(primary.url);
  expect(await verify(primary.url, 'seal-key', 'example.com/tests', '-o', at('key'))).toMatchObject({ code: 0 });
  expect(await seal(primary.url, 'seal')).toMatchObject({ code: 0, err: '' });
  expect(await lineOf('seal', 'cluster')).toMatch(/^cluster \d+ 1$/);
});
afterAll(() => resources.disposeAsync());

test('an audit since a seal notices a restore, also when the server has passed its transactions again', async () => {
  expect(await since(primary.url)).toMatchObject({ code: 0, err: '' });
  const server = await start(await restored('restored', `cp "${at('wal of the backup')}/%f" %p`));
  await passTheSeal(server.adminUrl);
  await aSession(server.url);
  expect(await since(server.url)).toMatchObject(
    refused('base backup restored, since the seal: the cluster was on timeline 1, and is on 2'),
  );
  expect(await verify(server.url, '--all', '--against', at('seal'), '--public-key', at('key.pub'))).toMatchObject({
    code: 2,
    out: expect.stringContaining('SV604'),
  });
  expect(await seal(server.url, 'after the restore')).toMatchObject({ code: 0, err: '' });
  expect(await since(server.url, 'after the restore')).toMatchObject({ code: 0, err: '' });
  expect(await since(primary.url, 'after the restore')).toMatchObject(refused('the primary from before a promotion'));

  // A seal of an earlier release does not name the cluster.
  const key = parseSigningKey(await readFile(at('key'), 'utf8'));
  if (key === undefined) throw new Error('the key of the test cannot be read');
  const [text = ''] = (await readFile(at('seal'), 'utf8')).split('\n\n');
  await writeFile(at('earlier'), signNote(`${text.replace(/\ncluster .*$/m, '')}\n`, key));
  expect(await since(server.url, 'earlier')).toMatchObject({
    code: 0,
    out: expect.stringContaining('does not name its PostgreSQL cluster'),
  });
});

test('a standby is audited since the seal of its primary until it is promoted', async () => {
  await runAdminStatement(primary.adminUrl, 'select pg_switch_wal()');
  const dataDir = await restored('standby', `cp ${at('wal')}/%f %p`);
  await rename(join(dataDir, 'cluster/recovery.signal'), join(dataDir, 'cluster/standby.signal'));
  await appendFile(join(dataDir, 'cluster/postgresql.auto.conf'), "hot_standby = 'on'\n");
  const standby = await start(dataDir);
  await eventually(async () => expect(await since(standby.url)).toMatchObject({ code: 0 }), { withinMs: 120_000 });
  await runAdminStatement(standby.adminUrl, 'select pg_promote()');
  await aSession(standby.url);
  expect(await since(standby.url)).toMatchObject(refused('a standby was promoted'));
});

test('another cluster is told apart, as after a restore from a dump', async () => {
  const server = await start(await dataDirectory('another'));
  await migrate(server.url);
  const [first] = await runAdminStatement(
    primary.url,
    `select applied_at::text from phaselock_migrations where version = 1`,
  );
  await runAdminStatement(server.url, 'update phaselock_migrations set applied_at = $1 where version = 1', [
    String(first?.applied_at),
  ]);
  expect(await since(server.url)).toMatchObject(refused('on another PostgreSQL cluster than at the seal'));
});

test('a role that may not read the cluster is told so', async () => {
  await runAdminStatement(primary.url, "create role auditor login password 'auditor' in role pg_read_all_data");
  await runAdminStatement(primary.url, 'revoke execute on function pg_control_checkpoint() from public');
  const url = new URL(primary.url);
  [url.username, url.password] = ['auditor', 'auditor'];
  expect(await seal(url.href, 'without the right')).toMatchObject({
    code: 0,
    err: expect.stringContaining('a role needs EXECUTE on pg_control_system(), pg_control_checkpoint()'),
  });
  expect(await lineOf('without the right', 'cluster')).toBe('');
  expect(await since(url.href)).toMatchObject(refused('the PostgreSQL cluster cannot be read, which needs EXECUTE on'));
  await runAdminStatement(primary.url, 'grant execute on function pg_control_checkpoint() to auditor');
  expect(await since(url.href)).toMatchObject({ code: 0, err: '' });
});
