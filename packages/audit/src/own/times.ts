import type { Check } from '../check.ts';
import { faultCheck, firstFault } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';
import { CLOCK_STEP, inTheFuture } from './tolerances.ts';

/** Times of sessions. That a successor begins when its predecessor ends is compared by their common event. */
export const sessionTimesCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV213',
    name: 'times of sessions',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, ${firstFault([
        ['s.deleted_at < s.created_at', `format('it was deleted at %s, before it was created', s.deleted_at)`],
        ['s.ended_at < s.created_at', `format('it ended at %s, before it was created', s.ended_at)`],
        ['s.updated_at < s.created_at', `format('it was changed at %s, before it was created', s.updated_at)`],
        ...['created_at', 'updated_at', 'ended_at', 'deleted_at'].map(
          (column) => [inTheFuture(`s.${column}`), `format('its ${column} %s is in the future', s.${column})`] as const,
        ),
        [
          `s.created_at < t.created_at - ${CLOCK_STEP}`,
          `format('it was created at %s, before its task, which was created at %s', s.created_at, t.created_at)`,
        ],
      ])} as what
      from sessions s left join tasks t on t.id = s.task_id where ${inScope('s')}`,
  });

export const processTimesCheck = ({ processes }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV213',
    name: 'times of processes',
    kind: 'process',
    sql: `
      select p.id, p.task_id, p.attempt_id, p.session_id, ${firstFault([
        ['p.ended_at < p.started_at', `format('it ended at %s, before it started', p.ended_at)`],
        ['p.started_at < s.created_at', `format('it started at %s, before its session was created', p.started_at)`],
        [
          `p.started_at < a.created_at - ${CLOCK_STEP}`,
          `format('it started at %s, before its attempt, which was created at %s', p.started_at, a.created_at)`,
        ],
        [inTheFuture('p.started_at'), `format('it started at %s, in the future', p.started_at)`],
        [inTheFuture('p.ended_at'), `format('it ended at %s, in the future', p.ended_at)`],
      ])} as what
      from processes p left join sessions s on s.id = p.session_id left join attempts a on a.id = p.attempt_id
      where ${processes}`,
  });

export const eventTimesCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV213',
    name: 'times of events',
    kind: 'session',
    sql: `
      select distinct on (e.task_id, e.session_id) e.session_id as id, e.session_id, e.task_id, format('its event %s is of %s, in the future', e.type, e.at) as what
      from session_events e where ${inScope('e')} and ${inTheFuture('e.at')} order by e.task_id, e.session_id, e.id`,
  });
