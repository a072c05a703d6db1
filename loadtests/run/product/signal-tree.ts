import { readProcessTable, treeOf } from '@phaselock/testkit';

/** The current processes of an API, parents first. */
export const processesOf = (root: number): readonly number[] =>
  process.platform === 'linux' ? treeOf(root, readProcessTable()).map(({ pid }) => pid) : [root];

export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // The process has already ended.
    }
  }
}
