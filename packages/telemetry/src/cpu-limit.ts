import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';

type Machine = {
  /** Where the kernel's files are; another place only for a test. */
  readonly root?: string;
  readonly cores?: number;
};

/**
 * The processors this process may use: the quota of its control group, or of a group above it, where there is one; else the cores it may run on. The
 * files are small and not on a disk, and a quota can be changed while the process runs, so they are read each time.
 */
export function cpuLimitCores({ root = '/', cores = availableParallelism() }: Machine = {}): number {
  const groups = readText(join(root, 'proc/self/cgroup')).split('\n');
  const quotas = groups.flatMap((line) => quotasOf(root, line));
  return Math.min(cores, ...quotas);
}

function quotasOf(root: string, line: string): number[] {
  const [, controllers = '', path = '/'] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
  if (controllers === '')
    return upwards(path).flatMap((group) => quotaV2(readText(join(root, 'sys/fs/cgroup', group, 'cpu.max'))));
  if (!controllers.split(',').includes('cpu')) return [];
  return ['cpu', 'cpu,cpuacct'].flatMap((mount) =>
    upwards(path).flatMap((group) => {
      const folder = join(root, 'sys/fs/cgroup', mount, group);
      const quota = readText(join(folder, 'cpu.cfs_quota_us'));
      return ratio(quota, readText(join(folder, 'cpu.cfs_period_us')));
    }),
  );
}

/** The group and those above it: within a container the path may be one of the host, and only the last of these is there. */
function upwards(path: string): string[] {
  const groups = [path];
  for (let group = path; group !== '/' && group !== '.'; group = dirname(group)) groups.push(dirname(group));
  return groups;
}

function quotaV2(text: string): number[] {
  const [quota = '', period = ''] = text.trim().split(' ');
  return ratio(quota, period);
}

/** "max", -1 and what is not there are no quota. */
function ratio(quota: string, period: string): number[] {
  const cores = Number.parseInt(quota, 10) / Number.parseInt(period, 10);
  return Number.isFinite(cores) && cores > 0 ? [cores] : [];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
