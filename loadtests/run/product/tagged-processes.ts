import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';

/** In the environment of everything a run starts, and of all that those start: by it they are found again. */
export const TAG = 'LOAD_TESTED_BY';

/** Redis works there: it writes its title over its environment, so that it is found by its working folder. */
export const redisDirIn = (home: string): string => join(home, 'redis');

/** The processes of a run that are still there, other than this one. Its tag is the folder that all of it is kept in. */
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
    // It has ended meanwhile, or is another user's.
    return [];
  }
}

function workingDirOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    // As above.
    return undefined;
  }
}
