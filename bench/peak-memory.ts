import { readFileSync } from 'node:fs';

/** Peak resident memory of a process in MB; 0 where the system does not report it. */
export function peakMemoryMb(pid: number | undefined): number {
  try {
    const [, kb] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    // A process that has just ended has no VmHWM line.
    return Number(kb ?? 0) / 1_024;
  } catch {
    return 0;
  }
}
