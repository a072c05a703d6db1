import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { readControlGroups, readText } from './control-groups.ts';

type Machine = {
  /** The root of /proc and /sys; another directory in tests only. */
  readonly root?: string;
  readonly cores?: number;
};

/**
 * The processors this process may use: the lowest quota of its control group and the groups above it, at most the
 * available cores.
 */
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

/** "max", -1 and a missing file mean that there is no quota. */
function ratio(quota: string, period: string): number[] {
  const cores = Number.parseInt(quota, 10) / Number.parseInt(period, 10);
  return Number.isFinite(cores) && cores > 0 ? [cores] : [];
}
