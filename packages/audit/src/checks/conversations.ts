import { type Check, finding } from '../check.ts';

/**
 * Finds agent conversations that several owners reported. All checks of this file query `history`, so they work for
 * every source.
 */
export const conversationShared: Check = {
  name: 'conversations',
  rules: ['SV401'],
  fewRows: true,
  sql: `
    select p.*, f.owner as first_owner
    from (
      -- Few ids occur twice; only for those the owners are compared.
      select again.told from (select told from history where told is not null group by told having count(*) > 1) again
      where (select count(distinct o.owner) from history o where o.told = again.told) > 1) shared
    join history p on p.told = shared.told
    join history f on f.id = (select x.id from history x where x.told = shared.told order by x.started_at, x.nth, x.id limit 1)
    where p.owner <> f.owner`,
  read: (row) => [
    finding('SV401', row, {
      kind: 'process',
      id: row.id ?? null,
      message: `the conversation ${row.told} belongs to ${row.first_owner}, but ${row.owner} reported it too`,
    }),
  ],
};

export const conversationNobodyRecorded: Check = {
  name: 'recorded',
  rules: ['SV403'],
  sql: `
    select p.* from history p where p.passed is not null and not exists (select 1 from history m where m.told = p.passed)`,
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
