import type { AttemptId, ProjectId, TaskId } from '@phaselock/core';
import type { Kysely } from 'kysely';
import type { PageAfter } from './page.ts';
import type { Schema, UnlistedModels } from './schema.ts';

export type ProjectRow = {
  readonly id: ProjectId;
  readonly name: string;
  readonly unlistedModels: UnlistedModels;
  readonly createdAt: Date;
};
export type TaskRow = {
  readonly id: TaskId;
  readonly projectId: ProjectId;
  readonly title: string;
  readonly createdAt: Date;
};
export type AttemptRow = {
  readonly id: AttemptId;
  readonly taskId: TaskId;
  readonly branch: string | null;
  readonly worktree: string | null;
  readonly createdAt: Date;
};

const projects = (db: Kysely<Schema>) =>
  db
    .selectFrom('projects')
    .select(['id', 'name', 'unlisted_models as unlistedModels', 'created_at as createdAt'])
    .orderBy('id', 'desc');

const tasks = (db: Kysely<Schema>) =>
  db
    .selectFrom('tasks')
    .select(['id', 'project_id as projectId', 'title', 'created_at as createdAt'])
    .orderBy('id', 'desc');

const attempts = (db: Kysely<Schema>) =>
  db
    .selectFrom('attempts')
    .select(['id', 'task_id as taskId', 'branch', 'worktree', 'created_at as createdAt'])
    .orderBy('id', 'desc');

export async function listProjects(
  db: Kysely<Schema>,
  { only }: { readonly only?: ProjectId },
  { limit, after }: PageAfter<ProjectId>,
): Promise<ProjectRow[]> {
  let query = projects(db).limit(limit);
  if (only !== undefined) query = query.where('id', '=', only);
  if (after !== undefined) query = query.where('id', '<', after);
  return await query.execute();
}

export async function listTasks(
  db: Kysely<Schema>,
  { projectId }: { readonly projectId: ProjectId },
  { limit, after }: PageAfter<TaskId>,
): Promise<TaskRow[]> {
  const query = tasks(db).where('project_id', '=', projectId).limit(limit);
  return await (after === undefined ? query : query.where('id', '<', after)).execute();
}

export async function listAttempts(
  db: Kysely<Schema>,
  { taskId }: { readonly taskId: TaskId },
  { limit, after }: PageAfter<AttemptId>,
): Promise<AttemptRow[]> {
  const query = attempts(db).where('task_id', '=', taskId).limit(limit);
  return await (after === undefined ? query : query.where('id', '<', after)).execute();
}

export const readProject = (db: Kysely<Schema>, id: ProjectId): Promise<ProjectRow | undefined> =>
  projects(db).where('id', '=', id).executeTakeFirst();

export const readTask = (db: Kysely<Schema>, id: TaskId): Promise<TaskRow | undefined> =>
  tasks(db).where('id', '=', id).executeTakeFirst();

export const readAttempt = (db: Kysely<Schema>, id: AttemptId): Promise<AttemptRow | undefined> =>
  attempts(db).where('id', '=', id).executeTakeFirst();
