import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isSignalable, processBirth } from './process-birth.ts';

/** The running server of a cluster, according to its lock file. */
export type Postmaster = {
  readonly pid: number;
  readonly birth: string;
  readonly port: number;
  readonly status: string;
};

/** Reads the lock file. Undefined when it is absent, or left by a server that died. */
export async function findPostmaster(cluster: string): Promise<Postmaster | undefined> {
  const text = await readFile(lockFile(cluster), 'utf8').catch(() => undefined);
  const lines = text?.split('\n') ?? [];
  const pid = Number(lines[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return undefined;
  const birth = await processBirth(pid);
  if (birth === undefined || !(await isServing(pid, cluster))) return undefined;
  return { pid, birth, port: Number(lines[3]), status: lines[7]?.trim() ?? '' };
}

export function lockFile(cluster: string): string {
  return join(cluster, 'postmaster.pid');
}

export async function isAlive(postmaster: Postmaster): Promise<boolean> {
  return (await processBirth(postmaster.pid)) === postmaster.birth;
}

/** A cheap check. Outside Linux it only tests the pid, because the start time would need an external program. */
export async function isStillThere(postmaster: Postmaster): Promise<boolean> {
  return process.platform === 'linux' ? isAlive(postmaster) : isSignalable(postmaster.pid);
}

/**
 * Whether the pid still belongs to this server and was not reused. Only checked on Linux; elsewhere PostgreSQL’s own
 * check must do.
 */
async function isServing(pid: number, cluster: string): Promise<boolean> {
  if (process.platform !== 'linux') return true;
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return command.split('\0').includes(cluster);
}
