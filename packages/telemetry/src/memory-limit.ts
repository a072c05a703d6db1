import { totalmem } from 'node:os';
import { join } from 'node:path';
import { readControlGroups, readText } from './control-groups.ts';

type Machine = {
  /** The root of /proc and /sys; another directory in tests only. */
  readonly root?: string;
  readonly bytes?: number;
};

/**
 * The memory this process may use: the lowest limit of its control group and the groups above it, at most the memory of
 * the machine.
 */
export function memoryLimitBytes({ root = '/', bytes = totalmem() }: Machine = {}): number {
  const bounds = readControlGroups(
    { root, controller: 'memory', mounts: ['memory'] },
    {
      v2: (folder) => boundIn(join(folder, 'memory.max')),
      v1: (folder) => boundIn(join(folder, 'memory.limit_in_bytes')),
    },
  );
  return Math.min(bytes, ...bounds);
}

/** "max" and a missing file mean that there is no limit. cgroup v1 uses a number above any real memory size. */
function boundIn(file: string): number[] {
  const bytes = Number.parseInt(readText(file), 10);
  return Number.isFinite(bytes) && bytes > 0 ? [bytes] : [];
}
