import type { Check } from '../check.ts';
import { BIRTHS } from './event-types.ts';
import { faultCheck, firstFault } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';
import { CLOCK_STEP, ONE_WRITE } from './tolerances.ts';

/** SQL for the events with which sessions ended: `ended` is the session, `e` the event. */
export const endEvents = (inScope: ScopeSql['inScope']): string => `
  select e.session_id as ended, e.* from session_events e where e.type = 'deleted' and ${inScope('e')}
  union all
  select e.predecessor_id, e.* from session_events e where e.type = 'replaced' and e.predecessor_id is not null and ${inScope('e')}`;

/**
 * Compares each session that left its slot with the event for that. SV204 reports missing and repeated events of guarded
 * sessions, SV203 another successor. A session of generation 0 without a creation event may be older than the events.
 *
 * A replacement writes the time of deletion to both. A deletion reads the clock for each, and after the clock was set
 * back the session keeps the time of its last change.
 */
export const endsCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV210',
    name: 'end events',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, ${firstFault([
        ['e.ended is null', `'it was deleted, but no event records that'`],
        ['s.deleted_at is null', `'it is live, but an event records its deletion'`],
        ['e.ends > 1', `format('it has %s deletion events', e.ends)`],
        [
          'e.reason is distinct from s.deleted_reason',
          `format('it was deleted because of %s, but its event says %s', s.deleted_reason, coalesce(e.reason, 'nothing'))`,
        ],
        [
          `(e.phase, e.mode) is distinct from (s.phase, s.mode) or e.type = 'deleted' and e.generation is distinct from s.generation`,
          `'the event of its deletion is of another slot or generation'`,
        ],
        [
          `case e.type when 'replaced' then e.at is distinct from s.deleted_at
                       else (e.at between s.deleted_at - ${CLOCK_STEP} and s.deleted_at + ${ONE_WRITE}) is not true end`,
          `format('it was deleted at %s, but the event of that is of %s', s.deleted_at, e.at)`,
        ],
        [
          `s.deleted_reason = 'collapsed' and next.id is null and not exists (
             select 1 from archives r where r.session_id = s.replaced_by and (r.task_id, r.phase, r.mode) = (s.task_id, s.phase, s.mode))`,
          `format('it was collapsed into %s, which is no session of its slot', coalesce(s.replaced_by::text, 'no session'))`,
        ],
      ])} as what
      from sessions s
      left join (select x.*, count(*) over (partition by x.task_id, x.ended) as ends from (${endEvents(inScope)}) x) e
        on e.ended = s.id and e.task_id = s.task_id
      left join sessions next on next.id = s.replaced_by and (next.task_id, next.phase, next.mode) = (s.task_id, s.phase, s.mode)
      where ${inScope('s')}
        and case
          when e.ended is null then s.generation = 0 and s.deleted_at is not null and exists (
            select 1 from session_events b where b.task_id = s.task_id and b.session_id = s.id and b.type in ${BIRTHS})
          else s.generation = 0 or s.deleted_at is not null and e.ends = 1 end`,
  });
