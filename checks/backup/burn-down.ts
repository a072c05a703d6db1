import { chmod, copyFile, cp, mkdir, realpath, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Client } from '@phaselock/contract';
import { eventually, runAdminStatement } from '@phaselock/testkit';
import { type BaseBackup, takeBaseBackup } from '../../ops/backup/take-base-backup.ts';
import { endOfArchive } from './archived-wal.ts';
import { databaseTime, purgedSessions } from './known-sessions.ts';
import { type Service, startService } from './service.ts';
import { type WalWatch, watchWal } from './watch-wal.ts';
import { type Acknowledged, startWriting } from './write-sessions.ts';

const SCRIPTS = resolve(import.meta.dirname, '../../ops/backup');

/** What survives the machine: the base backup, the WAL archive, the archive store and the answers clients received. */
export type Remains = {
  readonly folder: string;
  readonly backup: BaseBackup & { readonly path: string; readonly tookMs: number };
  /** The `restore_command` of PostgreSQL. */
  readonly fetchWal: string;
  readonly archive: string;
  readonly password: string;
  readonly key: string;
  readonly acknowledged: readonly Acknowledged[];
  /** How many of `acknowledged`, from the first one, lie before the end of the last archived segment. */
  readonly archivedAnswers: number;
  readonly destroyedAt: number;
  /** The last seal of the archive store. */
  readonly lastSeal: string;
  readonly mishap: Mishap;
};

/** An accidental bulk delete. The restore brings the state before it back and gives up all later writes. */
type Mishap = {
  readonly deleted: readonly string[];
  /** The time of the database's clock, just before the delete. */
  readonly at: string;
  /** Sessions that were purged only after the delete. */
  readonly purgedAfter: readonly string[];
  /** A session whose retention ended, and whose object was removed, after the delete. */
  readonly expiredAfter: string;
};

type Places = Readonly<Record<'folder' | 'wal' | 'backup' | 'archive' | 'dataDir' | 'scripts', string>>;

/**
 * Runs a service with backups under load and then destroys its machine. Its history has an archive from before the base
 * backup, writes during and after the backup, archived and purged sessions, an accidental delete, and later writes.
 */
export async function burnDown(folder: string, tell: (what: string) => void): Promise<Remains> {
  const at = (name: string) => join(folder, name);
  const places = {
    folder,
    wal: at('wal'),
    backup: at('base'),
    archive: at('archive'),
    dataDir: at('primary'),
    scripts: at('scripts'),
  };
  // When root runs this, the server runs as another user, which must be able to read the scripts and write the WAL.
  await chmod(folder, 0o755);
  await cp(SCRIPTS, places.scripts, { recursive: true });
  await mkdir(places.wal);
  await chmod(places.wal, 0o777);
  await writeFile(join(places.wal, '.phaselock-wal'), '');
  const service = await startService({
    name: 'primary',
    folder,
    dataDir: places.dataDir,
    archive: places.archive,
    settings: {
      wal_level: 'replica',
      archive_mode: 'on',
      archive_command: `sh ${places.scripts}/archive-wal.sh "%p" "%f" ${places.wal}`,
      // postgresql.conf has a minute. The rehearsal does not depend on the number of segments.
      archive_timeout: '1s',
      log_checkpoints: 'off',
    },
  });
  try {
    tell('the service is running');
    return await live(service, places, tell);
  } finally {
    await service.destroy();
    await rm(await realpath(join(places.dataDir, 'cluster')), { recursive: true });
    await rm(places.dataDir, { recursive: true });
  }
}

async function live(service: Service, places: Places, tell: (what: string) => void): Promise<Remains> {
  const { client, postgres, key } = service;
  const { url, adminUrl } = postgres;
  const password = join(places.folder, 'password');
  await copyFile(join(places.dataDir, 'password'), password);
  const acknowledged: Acknowledged[] = [];
  const project = async (name: string) => (await client.createProject({ body: { name } })).body.id;
  const more = async (answers: number) => {
    const enough = acknowledged.length + answers;
    await eventually(() => acknowledged.length >= enough, { withinMs: 60_000 });
  };

  const quiet = await project('before');
  const seeding = startWriting(client, quiet, acknowledged);
  await more(40);
  await seeding.stop();
  await service.purgeNow('archive');
  tell('a first archive was made');

  const watch = await watchWal(adminUrl, () => acknowledged.length);
  const writing = startWriting(client, await project('written all along'), acknowledged);
  await more(20);
  const since = performance.now();
  const cluster = join(places.dataDir, 'cluster');
  const backup = await takeBaseBackup({ url: adminUrl, cluster, into: places.backup });
  const tookMs = performance.now() - since;
  tell('the base backup was taken, under load');
  await more(30);
  await writing.withoutReplacing(() => service.purgeNow('archive-and-purge'));
  await more(30);
  await writing.withoutReplacing(() => service.purgeNow('archive'));
  const expiredAfter = await endOfAYear(url);

  tell('sessions were archived and purged');
  const at = await databaseTime(url);
  const before = new Set(await purgedSessions(url));
  // No writer uses this project any more, so all of its sessions existed and were live at that time.
  const deleted = await liveSessions(client, quiet);
  await client.deleteMany({ body: { sessionIds: deleted } });
  const later = startWriting(client, await project('written after the mishap'), acknowledged);
  await more(30);
  tell('sessions were deleted by accident, and more were written');
  await yearIsOver(url);
  await later.withoutReplacing(() => service.purgeNow('archive-and-purge'));
  await more(20);
  tell('more sessions were archived and purged, and expired objects removed');
  await allArchived(watch, places.wal);
  await more(10);

  const purgedAfter = (await purgedSessions(url)).filter((session) => !before.has(session));
  const [known] = await runAdminStatement(url, 'select seal from archive_store');
  const destroyedAt = Date.now();
  await service.destroy();
  await Promise.all([writing.stop(), later.stop(), watch.stop()]);
  return {
    folder: places.folder,
    backup: { ...backup, path: places.backup, tookMs },
    fetchWal: `sh ${places.scripts}/fetch-wal.sh "%f" "%p" ${places.wal}`,
    archive: places.archive,
    password,
    key,
    acknowledged,
    archivedAnswers: watch.answersBefore(await endOfArchive(places.wal)),
    destroyedAt,
    lastSeal: String(known?.seal),
    mishap: { deleted, at, purgedAfter, expiredAfter },
  };
}

const liveSessions = async (client: Client, projectId: string): Promise<string[]> =>
  (await client.listSessions({ query: { projectId, limit: 50 } })).body.items.map(({ id }) => id);

/** Waits until all WAL up to now is archived, so that the archive contains the accidental delete. */
async function allArchived(watch: WalWatch, wal: string): Promise<void> {
  const reached = await watch.now();
  await eventually(async () => (await endOfArchive(wal)) >= reached, { withinMs: 60_000 });
}

const YEAR_ENDS_IN = '4 seconds';

/** Sets the retention of one purged session to end in a few seconds. */
async function endOfAYear(url: string): Promise<string> {
  const [row] = await runAdminStatement(
    url,
    `update archives set expires_at = clock_timestamp() + interval '${YEAR_ENDS_IN}'
     where session_id = (select session_id from archives where purged_at is not null order by session_id limit 1) returning session_id`,
  );
  return String(row?.session_id);
}

const yearIsOver = (url: string): Promise<unknown> =>
  eventually(
    async () => {
      const rows = await runAdminStatement(url, 'select 1 from archives where expires_at < clock_timestamp()');
      return rows.length > 0;
    },
    { withinMs: 60_000, everyMs: 100 },
  );
