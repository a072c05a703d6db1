import { readFileSync } from 'node:fs';

/** The kernel counts processor time in these. */
const TICKS_A_SECOND = 100;

/** Processor seconds a process has used, with those of its children that have ended. 0 where it is gone, or the system does not tell. */
export function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS_A_SECOND;
  } catch {
    return 0;
  }
}
