import { appendFile, readdir, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { damageOf, readManifest } from './backup-manifest.ts';
import { copyCluster } from './copy-cluster.ts';
import { syncFolder } from './sync-folder.ts';
import { writeAlike } from './take-base-backup.ts';

export type RestoreTo =
  /** Everything that was archived. */
  | { readonly kind: 'end' }
  /** What was committed up to this instant, and nothing later. ISO 8601 with its distance to UTC. */
  | { readonly kind: 'time'; readonly at: string };

const INSTANT = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(Z|[+-]\d\d(?::?\d\d)?)$/;

/** As recovery_target_time takes it: at that moment PostgreSQL does not know Z, or any other name of a zone. */
export function recoveryTime(at: string): string | undefined {
  const [, day, time, zone] = INSTANT.exec(at) ?? [];
  if (day === undefined) return undefined;
  const instant = Date.parse(`${day}T${time}Z`);
  // The 31st of February is taken for a day of March.
  if (Number.isNaN(instant) || !new Date(instant).toISOString().startsWith(day)) return undefined;
  return `${day} ${time}${zone === 'Z' ? '+00' : zone}`;
}

export type PrepareRestore = {
  readonly backup: string;
  /** The data directory to make: absent or empty. */
  readonly into: string;
  /** As in `restore_command`: with %f and %p. */
  readonly fetchWal: string;
  readonly to: RestoreTo;
};

const DAMAGE_SHOWN = 5;
const OTHER_TARGETS = ['recovery_target', 'recovery_target_lsn', 'recovery_target_name', 'recovery_target_xid'];
/** A copy without these is no base backup, or one that was not finished. */
const OF_EVERY_BACKUP = ['PG_VERSION', 'backup_label'];

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Lays a cluster out so that the next start of PostgreSQL on it recovers, and then takes writes on a timeline of its own. */
export async function prepareRestore({ backup, into, fetchWal, to }: PrepareRestore): Promise<void> {
  const there = await readdir(into).catch(() => []);
  if (there.length > 0) throw new Error(`${into} is not empty. A restore goes into a fresh directory.`);
  const until = to.kind === 'time' ? recoveryTime(to.at) : undefined;
  if (to.kind === 'time' && until === undefined) throw new Error(`${to.at} is no instant.`);
  const held = await readdir(backup);
  const missing = OF_EVERY_BACKUP.filter((name) => !held.includes(name));
  if (missing.length > 0)
    throw new Error(`${backup} has no ${missing.join(' and no ')}: it is no finished base backup.`);
  await copyWhole(backup, into);
  const settings = [
    `restore_command = ${quoted(fetchWal)}`,
    "recovery_target_action = 'promote'",
    // A backup of a server that was itself restored to a moment has that moment in its settings.
    ...OTHER_TARGETS.map((name) => `${name} = ''`),
    `recovery_target_time = ${quoted(until ?? '')}`,
    "recovery_target_timeline = 'latest'",
    // Nobody is let in before the recovery is over: a product that reads would show a state in between.
    "hot_standby = 'off'",
    // Until somebody has looked at it, it must not write into the archive it came from.
    "archive_mode = 'off'",
  ];
  await appendFile(join(into, 'postgresql.auto.conf'), `${settings.join('\n')}\n`, { flush: true });
  await writeAlike(into, 'recovery.signal', '');
  await syncFolder(into);
  await syncFolder(dirname(resolve(into)));
}

/** A backup that is not what was taken is refused, and nothing of it is left where PostgreSQL could be started on it. */
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
