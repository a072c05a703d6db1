import { SharedArray } from 'k6/data';
import type { Random } from '../../chaos/random.ts';
import { pickSkewed } from './pick-skewed.ts';

type SeededBoard = {
  readonly projectId: string;
  readonly tasks: readonly { readonly taskId: string; readonly attemptId: string }[];
};

/** The tasks of LOAD_BOARD, once for all users, picked as boards are used: a few busy ones and a long tail. */
export function readSeededTasks(path: string | undefined): ((random: Random) => string) | undefined {
  if (path === undefined) return undefined;
  const ids = new SharedArray<string>('seeded tasks', () => {
    const { tasks }: SeededBoard = JSON.parse(open(path));
    return tasks.map(({ taskId }) => taskId);
  });
  if (ids.length === 0) throw new Error(`LOAD_BOARD: there is no task in ${path}`);
  return (random) => ids[pickSkewed(ids.length, random)] ?? '';
}
