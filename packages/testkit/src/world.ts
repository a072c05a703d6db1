import type { AttemptId, ProjectId, TaskId } from '@phaselock/core';
import type { Guard } from '@phaselock/guard';

/** Test data: a project, models to choose from, and methods that add tasks and attempts. */
export type World = {
  readonly projectId: ProjectId;
  task(): Promise<TaskId>;
  attempt(taskId: TaskId): Promise<AttemptId>;
};

export const CLAUDE_MODELS = ['claude-sonnet-4-5', 'claude-sonnet-4-6', 'claude-opus-4-5', 'claude-haiku-4-5'] as const;

export async function createWorld(guard: Guard): Promise<World> {
  const projectId = await guard.addProject('a project');
  for (const name of CLAUDE_MODELS) await guard.addModel({ agent: 'claude-code', name });
  await guard.addModel({ agent: 'codex', name: 'gpt-5.1-codex' });
  await guard.addProfile({ agent: 'claude-code', variant: 'SONNET_DEF', model: 'claude-sonnet-4-5' });
  await guard.addProfile({ agent: 'claude-code', variant: 'SONNET_NEXT', model: 'claude-sonnet-4-6' });
  await guard.addProfile({ agent: 'claude-code', variant: 'DEFAULT', model: 'claude-opus-4-5' });
  return {
    projectId,
    task: () => guard.addTask(projectId, 'a task'),
    attempt: (taskId) => guard.addAttempt(taskId, { branch: 'attempt/1' }),
  };
}
