import { appendFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { copyCluster } from './copy-cluster.ts';
import { writeAlike } from './take-base-backup.ts';

export type RestoreTo =
  /** Everything that was archived. */
  | { readonly kind: 'end' }
  /** What was committed up to this instant, and nothing later. */
  | { readonly kind: 'time'; readonly at: string };

export type PrepareRestore = {
  readonly backup: string;
  /** The data directory to make: absent or empty. */
  readonly into: string;
  /** As in `restore_command`: with %f and %p. */
  readonly fetchWal: string;
  readonly to: RestoreTo;
};

const quoted = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** Lays a cluster out so that the next start of PostgreSQL on it recovers, and then takes writes on a timeline of its own. */
export async function prepareRestore({ backup, into, fetchWal, to }: PrepareRestore): Promise<void> {
  const there = await readdir(into).catch(() => []);
  if (there.length > 0) throw new Error(`${into} is not empty. A restore goes into a fresh directory.`);
  await copyCluster(backup, into);
  const settings = [
    `restore_command = ${quoted(fetchWal)}`,
    "recovery_target_action = 'promote'",
    ...(to.kind === 'time' ? [`recovery_target_time = ${quoted(to.at)}`] : []),
    // Until somebody has looked at it, it must not write into the archive it came from.
    "archive_mode = 'off'",
  ];
  await appendFile(join(into, 'postgresql.auto.conf'), `${settings.join('\n')}\n`, { flush: true });
  await writeAlike(into, 'recovery.signal', '');
}
