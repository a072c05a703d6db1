import { type Check, finding } from '../check.ts';
import { endEvents } from './ends.ts';
import { COUNTED_BY_VERSION } from './event-types.ts';
import { faultCheck } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';

/** The highest number is the last entry of the index on (attempt_id, seq), so each attempt costs one look-up. */
export const attemptCountersCheck = ({ inScope }: ScopeSql): Check => ({
  name: 'attempt counters',
  rules: ['SV306'],
  sql: `
    select a.id, a.id as attempt_id, a.task_id, a.last_seq, used.seq
    from attempts a cross join lateral (
      select p.seq from processes p where p.attempt_id = a.id order by p.seq desc limit 1) used
    where ${inScope('a')} and (a.last_seq >= used.seq) is not true`,
  read: (row) => [
    finding('SV306', row, {
      kind: 'task',
      id: row.task_id ?? null,
      message: `its attempt ${row.id} has given out the number ${row.last_seq}, but has a process with ${row.seq}`,
      repair: `update attempts a set last_seq = ${row.seq} where a.id = '${row.id}' and a.last_seq < ${row.seq};`,
    }),
  ],
});

/** Every change that has an event raised the version of its session by one. Other changes raise it as well. */
export const versionsCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV306',
    name: 'versions',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, case when (s.version > changed.times) is not true
             then format('it has version %s after %s changes', s.version, changed.times) end as what
      from sessions s join (
        select x.task_id, x.id, count(*) filter (where not ends) + (count(*) filter (where ends) > 0)::int as times
        from (
          select e.task_id, e.session_id as id, false as ends from session_events e where e.type in ${COUNTED_BY_VERSION} and ${inScope('e')}
          union all
          select e.task_id, e.ended, true from (${endEvents(inScope)}) e
        ) x group by x.task_id, x.id) changed on changed.id = s.id and changed.task_id = s.task_id
      where ${inScope('s')}`,
  });
