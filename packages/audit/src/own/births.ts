import type { Check } from '../check.ts';
import { BIRTHS } from './event-types.ts';
import { faultCheck, firstFault } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';

/**
 * Compares each session with its creation event. SV106 reports missing and repeated creation events of guarded sessions,
 * and another predecessor. A session of generation 0 may be older than the events.
 */
export const birthsCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV209',
    name: 'creation events',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, ${firstFault([
        ['s.generation = 0 and born.births > 1', `format('it has %s creation events', born.births)`],
        [
          '(born.phase, born.mode) is distinct from (s.phase, s.mode)',
          `format('it is in the slot %s %s, but was created in %s %s', s.phase, s.mode, born.phase, born.mode)`,
        ],
        [
          'born.generation is distinct from s.generation',
          `format('it has generation %s, but was created with %s', s.generation, born.generation)`,
        ],
        [
          `case when s.generation > 0 then (born.type = 'replaced') <> (s.predecessor_id is not null)
                else born.type in ('created', 'replaced') or (born.type = 'standalone-started') <> s.standalone end`,
          `format('its creation event is %s, which does not fit it', born.type)`,
        ],
        [
          's.generation > 0 and s.deleted_at is not null and not s.guarded',
          `'it was created in its slot, but is not guarded'`,
        ],
        [
          'born.at is distinct from s.created_at',
          `format('it was created at %s, but its creation event is of %s', s.created_at, born.at)`,
        ],
        [
          'born.actor is distinct from s.created_by',
          `format('it was created by %s, but its creation event names %s', coalesce(s.created_by, 'no actor'), coalesce(born.actor, 'no actor'))`,
        ],
        [
          `(case when born.type = 'replaced' then born.reason in ('model-changed', 'user-request', 'session-invalid')
                 else born.reason = 'first' end) is not true`,
          `format('its creation event %s has the reason %s', born.type, coalesce(born.reason, 'null'))`,
        ],
      ])} as what
      from sessions s join (
        select e.*, count(*) over (partition by e.task_id, e.session_id) as births
        from session_events e where e.type in ${BIRTHS} and ${inScope('e')}) born on born.session_id = s.id and born.task_id = s.task_id
      where ${inScope('s')} and (s.generation = 0 or born.type in ('created', 'replaced'))`,
  });

/** A session from before the guard that was taken into its slot has one event for that, and no other session has one. */
export const adoptionsCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV209',
    name: 'adoption events',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, ${firstFault([
        ['adopted.times is null', `'it was taken into its slot, but no event records that'`],
        ['true', `format('%s events record that it was taken into its slot', adopted.times)`],
      ])} as what
      from sessions s left join (
        select e.task_id, e.session_id, count(*) as times from session_events e where e.type = 'adopted' and ${inScope('e')} group by e.task_id, e.session_id
      ) adopted on adopted.session_id = s.id and adopted.task_id = s.task_id
      where ${inScope('s')} and coalesce(adopted.times, 0) <> (s.guarded and s.generation = 0)::int`,
  });
