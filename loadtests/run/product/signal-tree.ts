import { readProcessTable, treeOf } from '@phaselock/testkit';

/** An API may be several processes: those of it at this moment, the first one first. */
export const processesOf = (root: number): readonly number[] =>
  process.platform === 'linux' ? treeOf(root, readProcessTable()).map(({ pid }) => pid) : [root];

export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // It has ended meanwhile.
    }
  }
}
