import { totalmem } from 'node:os';
import { join } from 'node:path';
import { readControlGroups, readText } from './control-groups.ts';

type Machine = {
  /** Where the kernel's files are; another place only for a test. */
  readonly root?: string;
  readonly bytes?: number;
};

/** The memory this process may have: the bound of its control group, or of a group above it, where there is one; else all of the machine's. */
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

/** "max" and what is not there are no bound; the older kind writes a number no machine has. */
function boundIn(file: string): number[] {
  const bytes = Number.parseInt(readText(file), 10);
  return Number.isFinite(bytes) && bytes > 0 ? [bytes] : [];
}
