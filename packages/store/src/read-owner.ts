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
    text: 'select t.id as "taskId", t.project_id as "projectId" from tasks t where t.id = $1',
  },
  attempt: {
    name: 'owner_of_attempt',
    text: `select t.id as "taskId", t.project_id as "projectId"
           from attempts a join tasks t on t.id = a.task_id where a.id = $1`,
  },
  session: {
    name: 'owner_of_session',
    text: `select t.id as "taskId", t.project_id as "projectId"
           from sessions s join tasks t on t.id = s.task_id where s.id = $1
           union all
           -- One that was purged left its tombstone.
           select a.task_id, a.project_id from archives a where a.session_id = $1 and a.purged_at is not null limit 1`,
  },
};

/** Whose a thing is; two primary keys at the most. */
export async function readOwner(sql: Sql, { kind, id }: Ownable): Promise<Owner | undefined> {
  const [owner] = await sql.query<Owner>(STATEMENTS[kind], [id]);
  return owner;
}
