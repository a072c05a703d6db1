import { type Check, finding } from '../check.ts';
import type { ScopeSql } from './scope.ts';

/** Columns that identify the session of a finding. */
const ABOUT = 's.id, s.id as session_id, s.task_id';

export const unusedSessions = ({ sessions }: ScopeSql): Check => ({
  name: 'unused',
  rules: ['SV302'],
  sql: `
    select ${ABOUT} from sessions s
    where s.deleted_at is not null and ${sessions} and not exists (select 1 from processes p where p.session_id = s.id)`,
  read: (row) => [finding('SV302', row, { kind: 'session', id: row.id ?? null, message: 'it never had a process' })],
});

export const namedConversations = ({ sessions }: ScopeSql): Check => ({
  name: 'named conversation',
  rules: ['SV402'],
  sql: `
    select ${ABOUT}, s.agent_session_id as named from sessions s
    where s.agent_session_id is not null and ${sessions}
      and not exists (select 1 from processes p where p.session_id = s.id and p.agent_session_id = s.agent_session_id)`,
  read: (row) => [
    finding('SV402', row, {
      kind: 'session',
      id: row.id ?? null,
      message: `it names ${row.named}, which no process of it reported`,
    }),
  ],
});

/**
 * Only the process at work may report an id, so the newest process with an id reported it last. Old releases accepted
 * the id of a process that ended after the next one had started. SV402 reports an id that no process reported.
 */
export const newestConversations = ({ sessions }: ScopeSql): Check => ({
  name: 'newest conversation',
  rules: ['SV406'],
  fewRows: true,
  sql: `
    select ${ABOUT}, s.agent_session_id as named, newest.agent_session_id as reported
    from sessions s join lateral (
      select p.id, p.seq, p.agent_session_id from processes p
      where p.session_id = s.id and p.agent_session_id is not null order by p.seq desc, p.id limit 1) newest
      on newest.agent_session_id is distinct from s.agent_session_id
    where ${sessions} and (s.agent_session_id is null or exists (
        select 1 from processes p where p.session_id = s.id and p.agent_session_id = s.agent_session_id))
      and not exists (
        select 1 from processes late
        join session_events ended on ended.task_id = s.task_id and ended.session_id = s.id and ended.type = 'turn-finished'
          and ended.detail ->> 'process_id' = late.id::text
        join session_events started on started.task_id = s.task_id and started.session_id = s.id and started.type = 'turn-started'
          and started.detail ->> 'process_id' = newest.id::text
        where late.session_id = s.id and late.agent_session_id = s.agent_session_id and ended.id > started.id)`,
  read: (row) => [
    finding('SV406', row, {
      kind: 'session',
      id: row.id ?? null,
      message: `it names ${row.named ?? 'no conversation'}, but its processes last reported ${row.reported}`,
      expected: row.reported ?? null,
      actual: row.named ?? null,
    }),
  ],
});
