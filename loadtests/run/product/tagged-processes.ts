import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** Environment variable that marks every process a run starts, directly or indirectly, so that they can be found. */
export const TAG = 'LOAD_TESTED_BY';

/** The working folder of Redis, by which it is found: Redis overwrites its environment with its process title. */
export const redisDirIn = (home: string): string => join(home, 'redis');

/** The processes of a run that still run, except this one. The value of the tag is the temporary folder of the run. */
export function taggedProcesses(home: string): number[] {
  if (process.platform !== 'linux') return [];
  const mark = `${TAG}=${home}`;
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(
      (pid) => pid !== process.pid && (workingDirOf(pid) === redisDirIn(home) || environmentOf(pid).includes(mark)),
    );
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // The process has ended or belongs to another user.
    return [];
  }
}

function workingDirOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}
