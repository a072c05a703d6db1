import { chown, mkdtemp, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Client } from 'pg';
import { type CopiedFile, MANIFEST, manifestText } from './backup-manifest.ts';
import { checkServer } from './check-server.ts';
import { copiedText, copyCluster } from './copy-cluster.ts';
import { endBackup } from './end-backup.ts';
import { syncFolder } from './sync-folder.ts';

export type BaseBackup = {
  /** The position at which recovery begins. The WAL from here on has to be kept. */
  readonly from: string;
  /** The position from which the copy is consistent. A recovery must not end earlier. */
  readonly consistentAt: string;
  /** The first WAL segment that a restore needs. */
  readonly firstSegment: string;
  readonly bytes: number;
};

export type TakeBaseBackup = {
  /** A role that may run pg_backup_start. */
  readonly url: string;
  /** The data directory of that server, on this machine. */
  readonly cluster: string;
  /** The folder to create. It gets this name only when the backup is complete. */
  readonly into: string;
  /** How long to wait for the WAL of the backup to be archived. */
  readonly archiveWithinMs?: number;
};

const ARCHIVE_WITHIN_MS = 600_000;

/**
 * Takes a base backup with pg_backup_start and pg_backup_stop, for servers without pg_basebackup, such as the embedded
 * one. It returns when the WAL of the backup is archived. The server stays in use meanwhile.
 */
export async function takeBaseBackup(options: TakeBaseBackup): Promise<BaseBackup> {
  const cluster = await realpath(options.cluster);
  const into = resolve(options.into);
  if (into === cluster || into.startsWith(`${cluster}/`))
    throw new Error(`${into} is within the cluster: the backup would copy itself.`);
  const there = await readdir(into).catch(() => []);
  if (there.length > 0) throw new Error(`${into} is not empty. A backup needs an empty folder.`);
  // The same session has to call both functions. If it ends in between, PostgreSQL gives the backup up.
  const session = new Client({ connectionString: options.url, application_name: 'phaselock-base-backup' });
  session.on('error', () => undefined);
  await session.connect();
  try {
    await checkServer(session, cluster);
    // The draft belongs to this run, so a concurrent backup into the same folder does not touch it.
    const draft = await mkdtemp(`${into}.draft-`);
    try {
      const backup = await fill(draft, session, { ...options, cluster });
      await rename(draft, into);
      await syncFolder(dirname(into));
      return backup;
    } catch (error) {
      await rm(draft, { recursive: true, force: true });
      throw error;
    }
  } finally {
    await session.end();
  }
}

async function fill(draft: string, session: Client, options: TakeBaseBackup): Promise<BaseBackup> {
  const [begun] = (
    await session.query<{ lsn: string; segment: string }>(
      `select lsn::text, pg_walfile_name(lsn) as segment from pg_backup_start('phaselock', fast => true) as lsn`,
    )
  ).rows;
  if (begun === undefined) throw new Error('PostgreSQL returned no position for the start of the backup.');
  const files = await copyCluster(options.cluster, draft);
  const ended = await endBackup(session, options.archiveWithinMs ?? ARCHIVE_WITHIN_MS);
  files.push(await writeFileOf(draft, 'backup_label', ended.labelfile));
  if (ended.spcmapfile.trim() !== '') files.push(await writeFileOf(draft, 'tablespace_map', ended.spcmapfile));
  await writeAlike(draft, MANIFEST, manifestText(files));
  await syncFolder(draft);
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { from: begun.lsn, consistentAt: ended.lsn, firstSegment: begun.segment, bytes };
}

async function writeFileOf(draft: string, path: string, text: string): Promise<CopiedFile> {
  await writeAlike(draft, path, text);
  return copiedText(path, text);
}

/** Writes a file into a folder, with the owner of the folder. */
export async function writeAlike(cluster: string, name: string, text: string): Promise<void> {
  const file = join(cluster, name);
  await writeFile(file, text, { mode: 0o600, flush: true });
  const { uid, gid } = await stat(cluster);
  if (process.getuid?.() === 0) await chown(file, uid, gid);
}
