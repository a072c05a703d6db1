import { readFileSync } from 'node:fs';

/** What a process has had in memory at its highest, as far as Linux tells. */
export function peakMemoryMb(pid: number | undefined): number {
  try {
    const [, kb] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    // One that has just ended has none any more.
    return Number(kb ?? 0) / 1_024;
  } catch {
    return 0;
  }
}
