import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

/** Used where the system does not report the start time of a process. */
export const BIRTH_UNKNOWN = 'unknown';

/**
 * The start time of a process as an opaque string, or undefined when no such process is alive. A pid alone does not
 * identify a process, because the system reuses pids, and soon after a reboot.
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
  // With the mount option hidepid, processes of other users are unreadable although they are alive.
  if (stat === undefined) return isSignalable(pid) ? BIRTH_UNKNOWN : undefined;
  // The command name may contain spaces and parentheses, so fields are counted from the last parenthesis: state is
  // field 3, start time is field 22.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie accepts signals but has ended. In a container without init, nothing reaps it, so it stays.
  if (fields[0] === 'Z' || fields[0] === 'X') return undefined;
  return fields[19] ?? BIRTH_UNKNOWN;
}
