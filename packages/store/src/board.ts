import type { AttemptId, ProjectId, TaskId } from '@phaselock/core';
import type { Kysely } from 'kysely';
import type { Schema, UnlistedModels } from './schema.ts';

export async function addProject(
  db: Kysely<Schema>,
  { id, name, unlistedModels }: { id: ProjectId; name: string; unlistedModels?: UnlistedModels },
): Promise<void> {
  await db
    .insertInto('projects')
    .values({ id, name, ...(unlistedModels !== undefined && { unlisted_models: unlistedModels }) })
    .execute();
}

export type EditProject = { readonly name?: string; readonly unlistedModels?: UnlistedModels };

/** Changes the given fields only. False when there is no such project. */
export async function editProject(
  db: Kysely<Schema>,
  id: ProjectId,
  { name, unlistedModels }: EditProject,
): Promise<boolean> {
  const edited = await db
    .updateTable('projects')
    .set(({ ref }) => ({
      name: name === undefined ? ref('name') : name,
      unlisted_models: unlistedModels === undefined ? ref('unlisted_models') : unlistedModels,
    }))
    .where('id', '=', id)
    .executeTakeFirst();
  return edited.numUpdatedRows > 0n;
}

/** The projects that accept only models of the catalogue. They are few, and are read together with the catalogue. */
export async function readStrictProjects(db: Kysely<Schema>): Promise<ProjectId[]> {
  const rows = await db.selectFrom('projects').select('id').where('unlisted_models', '=', 'refused').execute();
  return rows.map(({ id }) => id);
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
