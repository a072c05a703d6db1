import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Stands in where the system does not tell when a process began. */
export const BIRTH_UNKNOWN = 'unknown';

/**
 * When the process began, as an opaque word, or undefined when no such process lives. A pid alone is no identity: the
 * system hands it out again, and after a reboot soon.
 */
export async function processBirth(pid: number): Promise<string | undefined> {
  if (!isSignalable(pid)) return undefined;
  if (process.platform === 'linux') return linuxBirth(pid);
  if (process.platform === 'win32') return BIRTH_UNKNOWN;
  const { stdout } = await promisify(execFile)('ps', ['-o', 'lstart=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return stdout.replaceAll(/[^0-9A-Za-z]/g, '') || BIRTH_UNKNOWN;
}

export function isSignalable(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

async function linuxBirth(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // Under hidepid the processes of others are alive and unreadable.
  if (stat === undefined) return isSignalable(pid) ? BIRTH_UNKNOWN : undefined;
  // The command name may hold spaces and parentheses, so count from its last one: state is field 3, start time field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie answers signals but is gone; where nothing reaps orphans (a container without init) it stays for ever.
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return fields[19] ?? BIRTH_UNKNOWN;
}
