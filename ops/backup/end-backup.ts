import { setTimeout as pause } from 'node:timers/promises';
import { type Client, DatabaseError } from 'pg';

type EndedBackup = {
  readonly lsn: string;
  /** The last WAL segment that a restore needs. */
  readonly segment: string;
  readonly labelfile: string;
  readonly spcmapfile: string;
};

const CANCELED = '57014';
const EVERY_MS = 100;

/** Ends a backup, and waits until the archiver reports the WAL of the backup as archived. */
export async function endBackup(session: Client, archiveWithinMs: number): Promise<EndedBackup> {
  const until = performance.now() + archiveWithinMs;
  const late = async (): Promise<Error> =>
    new Error(
      `the WAL of this backup was not archived within ${archiveWithinMs / 1000} s, so there is no backup. ${await archiverState(session)}`,
    );
  // Without a time-out, pg_backup_stop waits for as long as archive_command fails.
  await session.query(`set statement_timeout = ${Math.ceil(archiveWithinMs)}`);
  const stopped = session.query<EndedBackup>(
    `select lsn::text, pg_walfile_name(lsn) as segment, labelfile, spcmapfile from pg_backup_stop(wait_for_archive => true)`,
  );
  const [ended] = await stopped.then(
    ({ rows }) => rows,
    async (error: unknown) => {
      throw error instanceof DatabaseError && error.code === CANCELED ? await late() : error;
    },
  );
  if (ended === undefined) throw new Error('PostgreSQL returned no position for the end of the backup.');
  while (!(await isArchived(session, ended.segment))) {
    if (performance.now() > until) throw await late();
    await pause(EVERY_MS);
  }
  return ended;
}

/**
 * Reads the report of the archiver, which names only the last archived file. This may be the history file of the backup
 * (SEGMENT.OFFSET.backup), which is archived after the last segment; pg_backup_stop has waited for both.
 */
async function isArchived(session: Client, segment: string): Promise<boolean> {
  const [row] = (
    await session.query<{ there: boolean }>(
      `select coalesce(last_archived_wal like '%.backup' or left(last_archived_wal, 24) >= $1, false) as there from pg_stat_archiver`,
      [segment],
    )
  ).rows;
  return row?.there === true;
}

async function archiverState(session: Client): Promise<string> {
  const [row] = (
    await session.query<{ failed: string; last: string | null }>(
      'select failed_count::text as failed, last_failed_wal as last from pg_stat_archiver',
    )
  ).rows;
  return `archive_command has failed ${row?.failed ?? '?'} times, last for ${row?.last ?? 'nothing'}.`;
}
