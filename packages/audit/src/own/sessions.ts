import { type Check, finding } from '../check.ts';
import type { RuleId } from '../rules.ts';
import { BIRTHS } from './event-types.ts';
import type { ScopeSql } from './scope.ts';

const SLOT = `s.task_id || '/' || s.phase || '/' || s.mode`;
const ABOUT = 's.id, s.id as session_id, s.task_id';

/** Checks of the rows in `sessions` and `slots`. */
export function sessionChecks({ inScope }: ScopeSql): Check[] {
  const session = (rule: RuleId, name: string, sql: string, say: (what: string) => string): Check => ({
    name,
    rules: [rule],
    sql,
    read: (row) => [finding(rule, row, { kind: 'session', id: row.id ?? null, message: say(row.what ?? '') })],
  });
  const slot = (rule: RuleId, name: string, sql: string, say: (what: string) => string): Check => ({
    name,
    rules: [rule],
    sql,
    read: (row) => [finding(rule, row, { kind: 'slot', id: row.id ?? null, message: say(row.what ?? '') })],
  });

  return [
    slot(
      'SV201',
      'two live',
      `select ${SLOT} as id, s.task_id, string_agg(s.id::text, ', ' order by s.generation) as what
       from sessions s where s.guarded and s.deleted_at is null and ${inScope('s')}
       group by s.task_id, s.phase, s.mode having count(*) > 1`,
      (what) => `live at the same time: ${what}`,
    ),
    slot(
      'SV202',
      'slot and live session',
      `select coalesce(g.task_id, s.task_id) || '/' || coalesce(g.phase, s.phase) || '/' || coalesce(g.mode, s.mode) as id,
              coalesce(g.task_id, s.task_id) as task_id, s.id as session_id,
              case when g.live_session_id is null then s.id || ' is live, but the slot names no session'
                   when s.id is null then 'the slot names ' || g.live_session_id || ', which is not live in it'
                   else s.id || ' is live, but the slot names ' || g.live_session_id end as what
       from (select * from slots g where ${inScope('g')} and g.live_session_id is not null) g
       full join (select * from sessions s where s.guarded and s.deleted_at is null and ${inScope('s')}) s
         on (s.task_id, s.phase, s.mode, s.id) = (g.task_id, g.phase, g.mode, g.live_session_id)
       where (s.id is null or g.task_id is null)
         -- SV201 reports two live sessions.
         and not exists (select 1 from sessions o where s.id is not null and o.task_id = s.task_id and o.phase = s.phase and o.mode = s.mode
                         and o.guarded and o.deleted_at is null and o.id <> s.id)`,
      (what) => what,
    ),
    session(
      'SV203',
      'chain',
      `select b.id, b.id as session_id, b.task_id, case when a.id is null then 'its predecessor does not exist'
              when a.generation >= b.generation then 'the generation of its predecessor is not lower'
              else 'its predecessor ' || a.id || ' names ' || coalesce(a.replaced_by::text, 'no session') || ' as its successor' end as what
       from sessions b left join sessions a on a.id = b.predecessor_id
       where b.predecessor_id is not null and ${inScope('b')}
         and (a.replaced_by is distinct from b.id or a.generation >= b.generation)
         and not (a.id is null and exists (select 1 from archives r where r.session_id = b.predecessor_id))
       union all
       select a.id, a.id, a.task_id, 'it names ' || a.replaced_by || ' as its successor, which does not name it as predecessor'
       from sessions a left join sessions b on b.id = a.replaced_by
       where a.replaced_by is not null and a.deleted_reason <> 'collapsed' and ${inScope('a')} and b.predecessor_id is distinct from a.id
         -- Already reported for the successor.
         and not exists (select 1 from sessions o where o.predecessor_id = a.id)
         -- A successor may be purged first; its archive record then names the predecessor.
         and not exists (select 1 from archives r where r.session_id = a.replaced_by and r.predecessor_id = a.id)`,
      (what) => what,
    ),
    session(
      'SV106',
      'births',
      `select ${ABOUT}, case when count(e.session_id) <> 1 then 'it has ' || count(e.session_id) || ' creation events'
              else 'its creation event names ' || coalesce(max(e.predecessor_id::text), 'no session') || ' as its predecessor, but its row names '
                || coalesce(s.predecessor_id::text, 'no session') end as what
       from sessions s left join session_events e on e.task_id = s.task_id and e.session_id = s.id and e.type in ('created', 'replaced')
       where s.generation > 0 and ${inScope('s')} group by s.id
       having count(e.session_id) <> 1 or bool_or(e.predecessor_id is distinct from s.predecessor_id)`,
      (what) => what,
    ),
    session(
      'SV204',
      'ends',
      `select ${ABOUT}, case when s.deleted_at is null then 'it is live, but an event records its deletion'
              else 'it has ' || count(e.session_id) || ' deletion events' end as what
       from sessions s left join session_events e on e.task_id = s.task_id
         and (e.session_id = s.id and e.type = 'deleted' or e.predecessor_id = s.id and e.type = 'replaced')
       where s.generation > 0 and ${inScope('s')} group by s.id
       having count(e.session_id) <> (s.deleted_at is not null)::int`,
      (what) => what,
    ),
    slot(
      'SV205',
      'generations',
      `select g.task_id || '/' || g.phase || '/' || g.mode as id, g.task_id,
              'the slot has generation ' || g.generation || ', but ' || count(s.id) || ' sessions with generations up to ' || coalesce(max(s.generation), 0) as what
       from slots g left join (
         select s.task_id, s.phase, s.mode, s.generation, s.id from sessions s where s.generation > 0 and ${inScope('s')}
         union all
         -- A purged session is counted by its creation event.
         select e.task_id, e.phase, e.mode, e.generation, e.session_id from session_events e
         where e.type in ('created', 'replaced') and ${inScope('e')} and exists (select 1 from archives r where r.session_id = e.session_id and r.purged_at is not null)
       ) s using (task_id, phase, mode)
       where ${inScope('g')} group by g.task_id, g.phase, g.mode, g.generation
       having count(s.id) <> g.generation or count(distinct s.generation) <> g.generation or coalesce(max(s.generation), 0) <> g.generation`,
      (what) => what,
    ),
    session(
      'SV207',
      'leases',
      `select ${ABOUT}, 'its lease runs until ' || s.lease_expires_at as what from sessions s
       where s.lease_expires_at > now() + interval '1 day' and ${inScope('s')}`,
      (what) => what,
    ),
    session(
      'SV404',
      'closed',
      `select ${ABOUT}, s.status || case when s.ended_at is null then ' without an end time' else ' since ' || s.ended_at end as what from sessions s
       where ${inScope('s')} and (
         s.status in ('completed', 'failed', 'stopped') and s.ended_at is null and s.deleted_at is null
         -- A session from before the guard may have been created with any time.
         or s.status in ('pending', 'ready', 'running') and s.ended_at is not null and (s.generation > 0 or exists (
           select 1 from session_events b where b.task_id = s.task_id and b.session_id = s.id and b.type in ${BIRTHS})))`,
      (what) => `it is ${what}`,
    ),
  ];
}
