import { readdirSync, readFileSync } from 'node:fs';

/** In the environment of everything a run starts, and of all that those start: by it they are found again. */
export const TAG = 'LOAD_TESTED_BY';

/** The processes of a run that are still there, other than this one. */
export function taggedProcesses(tag: string): number[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(`${TAG}=${tag}`));
}

function environmentOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    // It has ended meanwhile, or is another user's.
    return [];
  }
}
