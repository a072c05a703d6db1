import { type Check, finding, type Row } from '../check.ts';
import type { Finding } from '../finding.ts';

/** Reports a process whose conversation another owner reported first (`first_owner`, `first_task`). */
export const sharedConversation = (row: Row): Finding[] => {
  const first = row.first_task == null ? row.first_owner : `${row.first_owner} of task ${row.first_task}`;
  const later = row.later_task == null ? row.owner : `${row.owner} of task ${row.later_task}`;
  return [
    finding('SV401', row, {
      kind: 'process',
      id: row.id ?? null,
      message: `the conversation ${row.told} belongs to ${first}, but ${later} reported it too`,
    }),
  ];
};

const SHARED = `
    from (
      -- Few ids occur twice; only for those the owners are compared.
      select again.told from (select told from history where told is not null group by told having count(*) > 1) again
      where (select count(distinct o.owner) from history o where o.told = again.told) > 1) shared
    join history p on p.told = shared.told
    join history f on f.id = (select x.id from history x where x.told = shared.told order by x.started_at, x.nth, x.id limit 1)
    where p.owner <> f.owner`;

const SHARED_COLUMNS =
  'p.id, p.told, p.owner, p.task_id as later_task, f.owner as first_owner, f.task_id as first_task';

/**
 * Finds agent conversations that several owners reported. All checks of this file query `history`, so they work for
 * every source.
 */
export const conversationShared: Check = {
  name: 'conversations',
  rules: ['SV401'],
  fewRows: true,
  sql: `select ${SHARED_COLUMNS}, p.task_id, p.attempt_id, p.session_id ${SHARED}`,
  read: sharedConversation,
};

/** The same for a part of a history: each finding is also given with the ids of the owner that was first. */
export const conversationSharedByEither: Check = {
  ...conversationShared,
  sql: `
    select ${SHARED_COLUMNS}, p.task_id, p.attempt_id, p.session_id ${SHARED}
    union
    select ${SHARED_COLUMNS}, f.task_id, f.attempt_id, f.session_id ${SHARED}`,
};

export const conversationNobodyRecorded: Check = {
  name: 'recorded',
  rules: ['SV403'],
  sql: `
    select p.* from history p where p.passed is not null and p.doubt is null
      and not exists (select 1 from history m where m.told = p.passed)`,
  read: (row) => [
    finding('SV403', row, {
      kind: 'process',
      id: row.id ?? null,
      message: `it passed ${row.passed}, which no process reported`,
    }),
  ],
};

export const endedWithoutTime: Check = {
  name: 'ended',
  rules: ['SV404'],
  sql: `
    select p.* from history p where (p.status = 'ended') <> (p.ended_at is not null)`,
  read: (row) => [
    finding('SV404', row, {
      kind: 'process',
      id: row.id ?? null,
      message: row.status === 'ended' ? 'it has ended, but has no end time' : 'it is running, but has an end time',
    }),
  ],
};

export const twoRunning: Check = {
  name: 'running',
  rules: ['SV201'],
  sql: `
    select p.* from history p where p.status = 'running' and exists (
      select 1 from history o where o.thread = p.thread and o.status = 'running' and o.nth < p.nth)`,
  read: (row) => [
    finding('SV201', row, {
      kind: 'process',
      id: row.id ?? null,
      message: 'it runs at the same time as another process of the same conversation',
    }),
  ],
};
