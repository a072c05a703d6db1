import type { Check } from '../check.ts';
import { BORN_WITH_MODEL, reported } from './event-types.ts';
import { faultCheck, firstFault } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';

const IN_SLOT_OF_SESSION = '(o.task_id, o.phase, o.mode) = (s.task_id, s.phase, s.mode)';

/**
 * The conversation that a session took up from an earlier one is the one that its first process was passed. Which
 * session it began in is in no event: it must be that of a session of the slot that reported it, unless one was purged.
 */
export const takenUpCheck = ({ sessions }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV211',
    name: 'taken up conversations',
    kind: 'session',
    fewRows: true,
    sql: `
      select s.id, s.id as session_id, s.task_id, ${firstFault([
        [
          `told.id <> s.taken_up or told.id is null and s.taken_up is not null and ${BORN_WITH_MODEL}`,
          `format('it continues %s, but the events of its processes name %s', coalesce(s.taken_up, 'no conversation'), coalesce(told.id, 'none'))`,
        ],
        [
          's.conversation_of is not null and s.taken_up is null',
          `format('it names %s as the beginning of its conversation, but continues none', s.conversation_of)`,
        ],
        [
          `told.id is not null and s.conversation_of is not null
             and not exists (
               select 1 from processes m join sessions o on o.id = m.session_id
               where o.id <> s.id and ${IN_SLOT_OF_SESSION} and coalesce(o.conversation_of, o.id) = s.conversation_of
                 and (m.agent_session_id = s.taken_up or ${reported('m', 's.taken_up')}))
             and not exists (select 1 from archives o where ${IN_SLOT_OF_SESSION} and o.purged_at is not null)`,
          `format('it names %s as the beginning of %s, which no session reported that continues it', s.conversation_of, s.taken_up)`,
        ],
      ])} as what
      from sessions s left join lateral (
        select e.detail ->> 'passed_session_id' as id from session_events e
        where e.task_id = s.task_id and e.session_id = s.id and e.type = 'turn-started' and e.detail ->> 'takes_up' = 'true'
        order by e.id desc limit 1) told on true
      where ${sessions} and (s.taken_up is not null or s.conversation_of is not null)`,
  });

/** A session that the user kept for another model stores which of its processes was the last one then. */
export const keptCheck = ({ sessions }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV211',
    name: 'kept sessions',
    kind: 'session',
    fewRows: true,
    sql: `
      select s.id, s.id as session_id, s.task_id, ${firstFault([
        ['kept.id is null', `'it was kept for another model, but no event records that'`],
        [
          `s.kept_through::text <> coalesce(last.seq, '0')`,
          `format('it was kept for another model after its process %s, but by its events after %s', s.kept_through, coalesce(last.seq, '0'))`,
        ],
      ])} as what
      from sessions s
      left join lateral (
        select e.id from session_events e
        where e.task_id = s.task_id and e.session_id = s.id and e.type = 'kept' order by e.id desc limit 1) kept on true
      left join lateral (
        select e.detail ->> 'seq' as seq from session_events e
        where e.task_id = s.task_id and e.session_id = s.id and e.type = 'turn-started' and e.id < kept.id order by e.id desc limit 1) last on true
      where ${sessions} and s.kept_through is not null`,
  });

export const keptEventsCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV211',
    name: 'events of kept sessions',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, 'an event records that it was kept for another model, but it does not' as what
      from sessions s
      where ${inScope('s')} and s.kept_through is null
        and exists (select 1 from session_events e where e.task_id = s.task_id and e.session_id = s.id and e.type = 'kept')`,
  });
