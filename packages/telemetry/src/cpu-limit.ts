import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readControlGroups, readText } from './control-groups.ts';

type Machine = {
  /** Where the kernel's files are; another place only for a test. */
  readonly root?: string;
  readonly cores?: number;
};

/** The processors this process may use: the quota of its control group, or of a group above it, where there is one; else the cores it may run on. */
export function cpuLimitCores({ root = '/', cores = availableParallelism() }: Machine = {}): number {
  const quotas = readControlGroups(
    { root, controller: 'cpu', mounts: ['cpu', 'cpu,cpuacct'] },
    {
      v2: (folder) => {
        const [quota = '', period = ''] = readText(join(folder, 'cpu.max')).trim().split(' ');
        return ratio(quota, period);
      },
      v1: (folder) => ratio(readText(join(folder, 'cpu.cfs_quota_us')), readText(join(folder, 'cpu.cfs_period_us'))),
    },
  );
  return Math.min(cores, ...quotas);
}

/** "max", -1 and what is not there are no quota. */
function ratio(quota: string, period: string): number[] {
  const cores = Number.parseInt(quota, 10) / Number.parseInt(period, 10);
  return Number.isFinite(cores) && cores > 0 ? [cores] : [];
}
