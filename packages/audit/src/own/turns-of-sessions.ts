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
