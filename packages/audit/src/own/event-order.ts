import type { Check } from '../check.ts';
import { endEvents } from './ends.ts';
import { BIRTHS, OF_LIVE_SESSIONS } from './event-types.ts';
import { faultCheck, firstFault } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';

/**
 * The order of the events of each session, by their ids: each is written under the lock of the session, so the ids grow
 * with the order in which things happened, whatever the clock says. A purged session keeps its events.
 */
export const eventOrderCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV212',
    name: 'event order',
    kind: 'session',
    sql: `
      select o.session_id as id, o.session_id, o.task_id, ${firstFault([
        ['o.first < o.born', `format('event %s of it was recorded before its creation, event %s', o.first, o.born)`],
        ['o.living > ended.id', `format('event %s of it was recorded after its end, event %s', o.living, ended.id)`],
      ])} as what
      from (
        select e.task_id, e.session_id, min(e.id) as first, min(e.id) filter (where e.type in ${BIRTHS}) as born,
               max(e.id) filter (where e.type in ${OF_LIVE_SESSIONS}) as living
        from session_events e where ${inScope('e')} group by e.task_id, e.session_id) o
      left join (select x.task_id, x.ended, min(x.id) as id from (${endEvents(inScope)}) x group by x.task_id, x.ended) ended
        on ended.ended = o.session_id and ended.task_id = o.task_id`,
  });
