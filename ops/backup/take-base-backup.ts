import { chown, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { copyCluster } from './copy-cluster.ts';

export type BaseBackup = {
  /** Recovery begins here; the WAL from here on has to be kept. */
  readonly from: string;
  /** Before this the copy is not consistent, so no recovery may end earlier. */
  readonly consistentAt: string;
  /** The first WAL segment that is needed. */
  readonly firstSegment: string;
  readonly bytes: number;
};

export type TakeBaseBackup = {
  /** A role that may run pg_backup_start. */
  readonly url: string;
  /** The data directory of that server, on this machine. */
  readonly cluster: string;
  /** The folder to make. It has this name only when it is whole. */
  readonly into: string;
};

/**
 * A base backup by PostgreSQL's own two functions, for servers without pg_basebackup: the embedded one has none. It ends
 * when the WAL that belongs to it was archived. While it runs, everything goes on.
 */
export async function takeBaseBackup({ url, cluster, into }: TakeBaseBackup): Promise<BaseBackup> {
  const source = await realpath(cluster);
  const draft = `${into}.draft`;
  await rm(draft, { recursive: true, force: true });
  // Both functions have to be called by one session: if it ends in between, the backup is given up.
  const session = new Client({ connectionString: url, application_name: 'phaselock-base-backup' });
  session.on('error', () => undefined);
  await session.connect();
  try {
    const [begun] = (
      await session.query<{ lsn: string; segment: string }>(
        `select lsn::text, pg_walfile_name(lsn) as segment from pg_backup_start('phaselock', fast => true) as lsn`,
      )
    ).rows;
    const bytes = await copyCluster(source, draft);
    const [ended] = (
      await session.query<{ lsn: string; labelfile: string; spcmapfile: string }>(
        'select lsn::text, labelfile, spcmapfile from pg_backup_stop(wait_for_archive => true)',
      )
    ).rows;
    if (begun === undefined || ended === undefined) throw new Error('PostgreSQL gave no place for the backup.');
    await writeAlike(draft, 'backup_label', ended.labelfile);
    if (ended.spcmapfile.trim() !== '') await writeAlike(draft, 'tablespace_map', ended.spcmapfile);
    await rename(draft, into);
    return { from: begun.lsn, consistentAt: ended.lsn, firstSegment: begun.segment, bytes };
  } finally {
    await session.end();
  }
}

/** A file of a cluster, with the owner of its folder. */
export async function writeAlike(cluster: string, name: string, text: string): Promise<void> {
  const file = join(cluster, name);
  await writeFile(file, text, { mode: 0o600, flush: true });
  const { uid, gid } = await stat(cluster);
  if (process.getuid?.() === 0) await chown(file, uid, gid);
}
