import { appendFile, readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { damageOf, readManifest } from './backup-manifest.ts';
import { copyCluster } from './copy-cluster.ts';
import { syncFolder } from './sync-folder.ts';
import { writeAlike } from './take-base-backup.ts';

export type RestoreTo =
  /** Restores everything in the WAL archive. */
  | { readonly kind: 'end' }
  /** Restores what was committed up to this time, in ISO 8601 with an offset from UTC. */
  | { readonly kind: 'time'; readonly at: string };

const INSTANT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|[+-]\d\d(?::?\d\d)?)$/;

/** The time in the form of recovery_target_time, which may have an offset, but neither Z nor a time zone name. */
export function recoveryTime(at: string): string | undefined {
  const [, day, time, zone] = INSTANT.exec(at) ?? [];
  if (day === undefined) return undefined;
  const instant = Date.parse(`${day}T${time}Z`);
  // Date.parse turns the 31st of February into a day of March.
  if (Number.isNaN(instant) || !new Date(instant).toISOString().startsWith(day)) return undefined;
  return `${day} ${time}${zone === 'Z' ? '+00' : zone}`;
}

export type PrepareRestore = {
  readonly backup: string;
  /** The data directory to create. It must be missing or empty. */
  readonly into: string;
  /** The `restore_command`, with %f and %p. */
  readonly fetchWal: string;
  readonly to: RestoreTo;
};

const DAMAGE_SHOWN = 5;
const OTHER_TARGETS = ['recovery_target', 'recovery_target_lsn', 'recovery_target_name', 'recovery_target_xid'];
/** A folder without these files is not a finished base backup. */
const OF_EVERY_BACKUP = ['PG_VERSION', 'backup_label'];

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Prepares a data directory. At its next start PostgreSQL recovers, and then accepts writes on a new timeline. */
export async function prepareRestore({ backup, into, fetchWal, to }: PrepareRestore): Promise<void> {
  const there = await readdir(into).catch(() => []);
  if (there.length > 0) throw new Error(`${into} is not empty. A restore goes into a fresh directory.`);
  const until = to.kind === 'time' ? recoveryTime(to.at) : undefined;
  if (to.kind === 'time' && until === undefined) throw new Error(`${to.at} is not a valid time.`);
  const held = await readdir(backup);
  const missing = OF_EVERY_BACKUP.filter((name) => !held.includes(name));
  if (missing.length > 0)
    throw new Error(`${backup} has no ${missing.join(' and no ')}: it is not a finished base backup.`);
  await copyWhole(backup, into);
  const settings = [
    `restore_command = ${quoted(fetchWal)}`,
    "recovery_target_action = 'promote'",
    // If the server was itself restored to a target, its settings, and so the backup, still have that target.
    ...OTHER_TARGETS.map((name) => `${name} = ''`),
    `recovery_target_time = ${quoted(until ?? '')}`,
    "recovery_target_timeline = 'latest'",
    // No connections before the recovery is complete, because a client would read an intermediate state.
    "hot_standby = 'off'",
    // The restored server must not write into the archive it came from until a person has checked it.
    "archive_mode = 'off'",
  ];
  await appendFile(join(into, 'postgresql.auto.conf'), `${settings.join('\n')}\n`, { flush: true });
  await writeAlike(into, 'recovery.signal', '');
  await syncFolder(into);
  await syncFolder(dirname(resolve(into)));
}

/** Copies a backup and compares it with its manifest. After an error, the target folder is emptied. */
async function copyWhole(backup: string, into: string): Promise<void> {
  const manifest = await readManifest(backup);
  try {
    const copied = await copyCluster(backup, into);
    const damage = manifest === undefined ? [] : damageOf(manifest, copied);
    if (damage.length > 0) throw new Error(`${backup} is damaged: ${damage.slice(0, DAMAGE_SHOWN).join(', ')}.`);
  } catch (error) {
    for (const name of await readdir(into).catch(() => [])) await rm(join(into, name), { recursive: true });
    throw error;
  }
}
