import type { TaskId } from '@phaselock/core';
import { readGuardedTasks } from '@phaselock/store';
import type { GuardContext } from './context.ts';

/** Tasks of which it is known that the single-session rule has applied to them. It stays so, hence what is known need not be read again. */
export type GuardedTasks = { has(taskId: TaskId): boolean; add(taskId: TaskId): void };

const MAX_KNOWN = 10_000;

export function rememberGuardedTasks(maxKnown = MAX_KNOWN): GuardedTasks {
  const known = new Set<TaskId>();
  return {
    has: (taskId) => known.has(taskId),
    add(taskId) {
      const [oldest] = known;
      if (known.size >= maxKnown && oldest !== undefined) known.delete(oldest);
      known.add(taskId);
    },
  };
}

/** Whether the rule applies to a start; of a caller outside the rollout it does at a task that was guarded before. */
export type GuardedSay = boolean | 'if-task-is';

/** What was said of each of the tasks, with those resolved that depend on the task; in the order asked. */
export async function resolveGuarded(
  ctx: GuardContext,
  said: readonly { readonly taskId: TaskId; readonly guarded?: GuardedSay }[],
): Promise<boolean[]> {
  const unknown = said
    .filter(({ taskId, guarded }) => guarded === 'if-task-is' && !ctx.guardedTasks.has(taskId))
    .map(({ taskId }) => taskId);
  const read = unknown.length === 0 ? [] : await readGuardedTasks(ctx.database, [...new Set(unknown)]);
  for (const taskId of read) ctx.guardedTasks.add(taskId);
  // More may be asked about than are remembered.
  const guardedNow = new Set(read);
  return said.map(({ taskId, guarded = true }) =>
    guarded === 'if-task-is' ? guardedNow.has(taskId) || ctx.guardedTasks.has(taskId) : guarded,
  );
}
