import { type Check, finding } from '../check.ts';
import type { ScopeSql } from './scope.ts';

/**
 * Reports processes that overlap: within a slot for guarded sessions (generation above 0), within a session for older
 * ones, which could run in parallel. A process without an end counts as ended when the lease of its session expires.
 */
export const overlapsCheck = ({ inScope, processes }: ScopeSql): Check => ({
  name: 'overlaps',
  rules: ['SV208'],
  sql: `
    select o.id, o.task_id, o.attempt_id, o.session_id, o.started_at, o.others_until
    from (
      select p.id, p.task_id, p.attempt_id, p.session_id, p.started_at,
             max(coalesce(p.ended_at, s.lease_expires_at, 'infinity')) over (
               partition by case when s.generation > 0 then s.task_id else s.id end,
                            case when s.generation > 0 then s.phase end, case when s.generation > 0 then s.mode end
               order by s.generation, p.seq rows between unbounded preceding and 1 preceding) as others_until
      from processes p join sessions s on s.id = p.session_id
      where ${processes} and ${inScope('s')}) o
    where o.started_at < o.others_until`,
  read: (row) => [
    finding('SV208', row, {
      kind: 'process',
      id: row.id ?? null,
      message: `it started at ${row.started_at}, while another process was active until ${row.others_until}`,
    }),
  ],
});

/**
 * Reports processes of guarded sessions that started while a process of a session of generation 0 was active that had
 * already left the slot: a guarded session waits for every process that is still to stop. Before it left, a session of
 * generation 0 could run beside guarded ones; and a session waits only from the time at which the guard took it in.
 */
export const overlapsWithLegacyCheck = ({ inScope }: ScopeSql): Check => ({
  name: 'overlaps with sessions outside the guard',
  rules: ['SV208'],
  sql: `
    select distinct on (p.id) p.id, p.task_id, p.attempt_id, p.session_id, p.started_at, coalesce(b.ended_at, before.lease_expires_at) as others_until
    from sessions before join processes b on b.session_id = before.id
    join sessions s on s.guarded and s.id <> before.id and (s.task_id, s.phase, s.mode) = (before.task_id, before.phase, before.mode)
    join processes p on p.session_id = s.id
    where before.generation = 0 and before.deleted_at is not null and not before.standalone and ${inScope('before')}
      and (s.generation > 0 or p.started_at >= (
        select min(a.at) from session_events a where a.task_id = s.task_id and a.session_id = s.id and a.type = 'adopted'))
      and p.started_at >= before.deleted_at and p.started_at < coalesce(b.ended_at, before.lease_expires_at, 'infinity')
    order by p.id, b.ended_at desc`,
  read: (row) => [
    finding('SV208', row, {
      kind: 'process',
      id: row.id ?? null,
      message: `it started at ${row.started_at}, while a process of a session that had left its slot was active until ${row.others_until}`,
    }),
  ],
});
