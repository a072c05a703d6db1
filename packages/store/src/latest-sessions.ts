import type { TaskId } from '@phaselock/core';
import { type Measured, type Measures, measured, PAGE_BYTES } from './page.ts';
import { LEASE_LAPSED, type SessionRecord, type SessionRow, toSessionRecord } from './session-record.ts';
import type { Sql, Statement } from './sql.ts';

// The latest live session of every slot of the given tasks, in one statement: the guarded one by the index
// sessions_one_live, otherwise the newest unguarded one by the legacy index, even if its model was deleted.
const LATEST_SESSIONS: Statement = {
  name: 'latest_sessions',
  text: `
    select * from (
    select p.*, coalesce(sum(coalesce(octet_length(handoff), 0) + octet_length(parameters::text))
                    over (order by task_id, phase, mode rows between unbounded preceding and 1 preceding), 0)::bigint as bytes_before,
           count(*) over () as rows_found
    from (
    select distinct on (s.task_id, s.phase, s.mode) s.*, ${LEASE_LAPSED} as lease_lapsed
    from sessions s
    where s.deleted_at is null and (s.guarded or not s.standalone) and s.task_id = any ($1::uuid[])
    order by s.task_id, s.phase, s.mode, s.guarded desc, s.created_at desc, s.id desc) p) m
    where bytes_before < ${PAGE_BYTES} order by task_id, phase, mode`,
};

export async function readLatestSessions(sql: Sql, taskIds: readonly TaskId[]): Promise<Measured<SessionRecord>> {
  const { items, cut } = measured(await sql.query<SessionRow & Measures>(LATEST_SESSIONS, [taskIds]));
  return { items: items.map(toSessionRecord), cut };
}
