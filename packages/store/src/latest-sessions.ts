import type { TaskId } from '@phaselock/core';
import { LEASE_LAPSED, type SessionRecord, type SessionRow, toSessionRecord } from './session-record.ts';
import type { Sql, Statement } from './sql.ts';

// The latest non-deleted session of every slot of the given tasks, in one statement however many tasks: the guarded one by the backstop's
// index, else the newest from before the task was enrolled by the legacy index. A deleted model does not hide its session.
const LATEST_SESSIONS: Statement = {
  name: 'latest_sessions',
  text: `
    select distinct on (s.task_id, s.phase, s.mode) s.*, ${LEASE_LAPSED} as lease_lapsed
    from sessions s
    where s.deleted_at is null and (s.guarded or not s.standalone) and s.task_id = any ($1::uuid[])
    order by s.task_id, s.phase, s.mode, s.guarded desc, s.created_at desc, s.id desc`,
};

export async function readLatestSessions(sql: Sql, taskIds: readonly TaskId[]): Promise<SessionRecord[]> {
  return (await sql.query<SessionRow>(LATEST_SESSIONS, [taskIds])).map(toSessionRecord);
}
