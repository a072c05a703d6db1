import type { TaskId } from '@phaselock/core';

/**
 * Bounded cache of tasks to which the single-session rule has applied. A guarded task stays guarded, so an entry never
 * becomes wrong.
 */
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
