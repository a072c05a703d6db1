import { chmod, cp, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@phaselock/store';
import { runAdminStatement, temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { prepareRestore } from '../../ops/backup/prepare-restore.ts';
import { takeBaseBackup } from '../../ops/backup/take-base-backup.ts';

const SCRIPTS = resolve(import.meta.dirname, '../../ops/backup');

const resources = new AsyncDisposableStack();
let folder: string;
let wal: string;
let cluster: string;
let postgres: EmbeddedPostgres;

const start = (dataDir: string, settings: Readonly<Record<string, string>>): Promise<EmbeddedPostgres> =>
  startEmbeddedPostgres({ dataDir, settings: { fsync: 'off', log_checkpoints: 'off', ...settings } });

async function dataDirectory(name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(path);
  // When root runs the test, the server runs as another user, which must be able to enter the folder.
  await chmod(path, 0o711);
  return path;
}

const archive = (mounted: boolean): Promise<void> =>
  mounted ? writeFile(join(wal, '.phaselock-wal'), '') : rm(join(wal, '.phaselock-wal'));
const take = (name: string, archiveWithinMs = 60_000) =>
  takeBaseBackup({ url: postgres.adminUrl, cluster, into: join(folder, name), archiveWithinMs });
const made = async (name: string): Promise<string[]> =>
  (await readdir(folder)).filter((entry) => entry.startsWith(name));

beforeAll(async () => {
  folder = resources.use(await temporaryDirectory()).path;
  await chmod(folder, 0o755);
  wal = join(folder, 'wal');
  await mkdir(wal);
  await chmod(wal, 0o777);
  await cp(SCRIPTS, join(folder, 'scripts'), { recursive: true });
  const dataDir = await dataDirectory('primary');
  cluster = join(dataDir, 'cluster');
  postgres = resources.use(
    await start(dataDir, {
      archive_mode: 'on',
      archive_command: `sh ${folder}/scripts/archive-wal.sh "%p" "%f" ${wal}`,
    }),
  );
  await archive(true);
}, 120_000);
afterAll(() => resources.disposeAsync());

describe('takeBaseBackup refuses', () => {
  test('a server with archive_mode off, and the data directory of another server', async () => {
    const dataDir = await dataDirectory('other');
    await using other = await start(dataDir, { archive_mode: 'off' });
    const into = join(folder, 'refused');
    const of = (url: string, from: string) => takeBaseBackup({ url, cluster: from, into });
    await expect(of(other.adminUrl, join(dataDir, 'cluster'))).rejects.toThrow('archive_mode is off');
    await expect(of(postgres.adminUrl, join(dataDir, 'cluster'))).rejects.toThrow(/is the cluster \d+, and the server/);
    expect(await made('refused')).toEqual([]);
  }, 120_000);

  test('a server whose WAL is not archived in time because the archive is not mounted', async () => {
    await archive(false);
    const before = await readdir(wal);
    await expect(take('late', 2_000)).rejects.toThrow(/not archived within 2 s.* has failed [1-9]/);
    expect(await made('late')).toEqual([]);
    expect(await readdir(wal)).toEqual(before);
    await archive(true);
  }, 120_000);

  test('a target folder that is not empty', async () => {
    await mkdir(join(folder, 'full/of'), { recursive: true });
    await expect(take('full')).rejects.toThrow('not empty');
  });
});

describe('two concurrent base backups into the same folder', () => {
  test('leave one complete backup and reject the other', async () => {
    const outcomes = await Promise.allSettled([take('twice'), take('twice')]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await made('twice')).toEqual(['twice']);
    const into = join(folder, 'twice-restored');
    await prepareRestore({ backup: join(folder, 'twice'), into, fetchWal: 'false', to: { kind: 'end' } });
    expect(await readdir(into)).toContain('recovery.signal');
  }, 120_000);
});

test('a recovery fails while the WAL archive is not mounted, and succeeds once it is', async () => {
  await runAdminStatement(postgres.adminUrl, 'create table kept as select 1 as it');
  await take('mounted');
  await runAdminStatement(postgres.adminUrl, 'insert into kept values (2)');
  const [switched] = await runAdminStatement(postgres.adminUrl, 'select pg_walfile_name(pg_switch_wal()) as segment');
  await expect.poll(() => readdir(wal), { timeout: 20_000 }).toContain(String(switched?.segment));
  const dataDir = await dataDirectory('recovered');
  await cp(join(folder, 'primary/password'), join(dataDir, 'password'));
  await prepareRestore({
    backup: join(folder, 'mounted'),
    into: join(dataDir, 'cluster'),
    fetchWal: `sh ${folder}/scripts/fetch-wal.sh "%f" "%p" ${folder}/mount`,
    to: { kind: 'end' },
  });
  await mkdir(join(folder, 'mount'));
  await expect(start(dataDir, {})).rejects.toThrow();
  // The server was not promoted, so the next start recovers again.
  expect(await readdir(join(dataDir, 'cluster'))).toContain('recovery.signal');
  await cp(wal, join(folder, 'mount'), { recursive: true });
  await using recovered = await start(dataDir, {});
  expect(await runAdminStatement(recovered.adminUrl, 'select it from kept order by it')).toEqual([
    { it: 1 },
    { it: 2 },
  ]);
}, 120_000);
