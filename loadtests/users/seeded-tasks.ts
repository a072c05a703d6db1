import { SharedArray } from 'k6/data';
import type { Random } from '../../chaos/random.ts';
import type { Task } from './board.ts';
import { pickSkewed } from './pick-skewed.ts';

type SeededTask = { readonly taskId: string; readonly attemptId: string };
type SeededBoard = { readonly projectId: string; readonly tasks: readonly SeededTask[] };

export type PickSeeded = (random: Random) => Task;

/** Reads the tasks of LOAD_BOARD, shared by all users. Picks are skewed: a few busy tasks and a long tail. */
export function readSeededTasks(path: string | undefined): PickSeeded | undefined {
  if (path === undefined) return undefined;
  const all = new SharedArray<SeededTask>('seeded tasks', () => {
    const { tasks }: SeededBoard = JSON.parse(open(path));
    return [...tasks];
  });
  return (random) => {
    const task = all[pickSkewed(all.length, random)];
    if (task === undefined) throw new Error(`LOAD_BOARD: ${path} contains no task`);
    return { id: task.taskId, attempts: [task.attemptId] };
  };
}
