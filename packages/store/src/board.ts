import type { AttemptId, ProjectId, TaskId } from '@phaselock/core';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

/** Projects, their tasks, and the attempts at them: what sessions hang on. */
export async function addProject(db: Kysely<Schema>, project: { id: ProjectId; name: string }): Promise<void> {
  await db.insertInto('projects').values(project).execute();
}

export async function addTask(
  db: Kysely<Schema>,
  task: { id: TaskId; projectId: ProjectId; title: string },
): Promise<void> {
  await db.insertInto('tasks').values({ id: task.id, project_id: task.projectId, title: task.title }).execute();
}

export async function addAttempt(
  db: Kysely<Schema>,
  attempt: { id: AttemptId; taskId: TaskId; branch: string | null; worktree: string | null },
): Promise<void> {
  await db
    .insertInto('attempts')
    .values({ id: attempt.id, task_id: attempt.taskId, branch: attempt.branch, worktree: attempt.worktree })
    .execute();
}
