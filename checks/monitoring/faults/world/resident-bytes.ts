import { readFileSync } from 'node:fs';

/** The resident memory of a process, as Linux counts it. */
export function residentBytes(pid: number): number {
  const [, kilobytes = ''] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  if (kilobytes === '') throw new Error(`/proc has no resident memory of process ${pid}`);
  return Number(kilobytes) * 1_024;
}
