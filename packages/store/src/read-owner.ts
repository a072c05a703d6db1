import type { AttemptId, ProjectId, SessionId, TaskId } from '@phaselock/core';
import type { Sql, Statement } from './sql.ts';

export type Ownable =
  | { readonly kind: 'task'; readonly id: TaskId }
  | { readonly kind: 'attempt'; readonly id: AttemptId }
  | { readonly kind: 'session'; readonly id: SessionId };

export type Owner = { readonly taskId: TaskId; readonly projectId: ProjectId };

const STATEMENTS: Readonly<Record<Ownable['kind'], Statement>> = {
  task: {
    name: 'owner_of_task',
    text: 'select t.id, t.id as "taskId", t.project_id as "projectId" from tasks t where t.id = any ($1::uuid[])',
  },
  attempt: {
    name: 'owner_of_attempt',
    text: `select a.id, t.id as "taskId", t.project_id as "projectId"
           from attempts a join tasks t on t.id = a.task_id where a.id = any ($1::uuid[])`,
  },
  session: {
    name: 'owner_of_session',
    text: `select s.id, t.id as "taskId", t.project_id as "projectId"
           from sessions s join tasks t on t.id = s.task_id where s.id = any ($1::uuid[])
           union all
           -- A purged session only has its archive row.
           select a.session_id, a.task_id, a.project_id from archives a where a.session_id = any ($1::uuid[]) and a.purged_at is not null`,
  },
};

/** Reads the task and project of each id, in one statement by primary keys. Unknown ids are left out. */
export async function readOwners(
  sql: Sql,
  kind: Ownable['kind'],
  ids: readonly Ownable['id'][],
): Promise<ReadonlyMap<string, Owner>> {
  const rows = await sql.query<Owner & { readonly id: string }>(STATEMENTS[kind], [ids]);
  return new Map(rows.map(({ id, ...owner }) => [id, owner]));
}
