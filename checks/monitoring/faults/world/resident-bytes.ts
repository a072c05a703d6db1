import { readFileSync } from 'node:fs';

/** What a process has of the memory, as Linux counts it. */
export function residentBytes(pid: number): number {
  const [, kilobytes = ''] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  if (kilobytes === '') throw new Error(`process ${pid} tells nothing of its memory`);
  return Number(kilobytes) * 1_024;
}
