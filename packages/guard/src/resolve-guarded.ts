import type { TaskId } from '@phaselock/core';
import { readGuardedTasks } from '@phaselock/store';
import type { GuardContext } from './context.ts';

/**
 * Whether the single-session rule applies to a start. `if-task-is` is for callers outside the rollout: the rule applies
 * if the task has been guarded before.
 */
export type GuardedSay = boolean | 'if-task-is';

/** Resolves `if-task-is` to true or false for each start, in the order of the starts. */
export async function resolveGuarded(
  ctx: GuardContext,
  said: readonly { readonly taskId: TaskId; readonly guarded?: GuardedSay }[],
): Promise<boolean[]> {
  const unknown = said
    .filter(({ taskId, guarded }) => guarded === 'if-task-is' && !ctx.guardedTasks.has(taskId))
    .map(({ taskId }) => taskId);
  const read = unknown.length === 0 ? [] : await readGuardedTasks(ctx.database, [...new Set(unknown)]);
  for (const taskId of read) ctx.guardedTasks.add(taskId);
  // The cache may already have evicted some of the tasks just read.
  const guardedNow = new Set(read);
  return said.map(({ taskId, guarded = true }) =>
    guarded === 'if-task-is' ? guardedNow.has(taskId) || ctx.guardedTasks.has(taskId) : guarded,
  );
}
