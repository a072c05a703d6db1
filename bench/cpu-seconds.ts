import { processRow } from '@phaselock/testkit';

/** The processor time of processes and of their children that have ended. */
export const cpuSecondsOf = (pids: readonly number[]): number =>
  pids.reduce((total, pid) => {
    const row = processRow(pid);
    return row === undefined ? total : total + row.cpuSeconds + row.endedChildrenSeconds;
  }, 0);

/** The processor time of this process. */
export function ownCpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}
