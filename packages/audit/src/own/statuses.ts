import type { Check } from '../check.ts';
import { BIRTHS, BORN_WITH_MODEL } from './event-types.ts';
import { faultCheck, firstFault } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';
import { CLOCK_STEP, FEW_SWEEPS, inTheFuture, ONE_WRITE } from './tolerances.ts';

const CLOSED = `('completed', 'failed', 'stopped')`;

/** A session from before the guard may have been created with any status. */
const IS_OURS = `(s.generation > 0 or exists (
  select 1 from session_events b where b.task_id = s.task_id and b.session_id = s.id and b.type in ${BIRTHS}))`;

const TURNS = `
  lateral (select count(*) as total, count(*) filter (where p.status = 'running') as running from processes p where p.session_id = s.id) turns`;

/** Compares the status and the lease of each session with its processes. SV201 reports two running processes. */
export const statusesCheck = ({ sessions }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV217',
    name: 'statuses',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, ${firstFault([
        [`s.status = 'running' and turns.running = 0`, `'it is running, but none of its processes is'`],
        [
          `s.status in ('pending', 'ready') and turns.running > 0`,
          `format('its status is %s, but a process of it is running', s.status)`,
        ],
        ['turns.running > 0 and s.lease_expires_at is null', `'a process of it is running without a lease'`],
        [
          'turns.running = 0 and s.lease_expires_at is not null',
          `'it holds a lease, but none of its processes is running'`,
        ],
        [`s.status = 'pending' and turns.total > 0`, `'it is pending, but had a process'`],
        [`s.status = 'pending' and s.predecessor_id is null`, `'it is pending, but replaced no session'`],
        [
          `s.status = 'ready' and turns.total = 0 and s.predecessor_id is not null`,
          `'it is ready, but replaced a session and had no process yet'`,
        ],
      ])} as what
      from sessions s cross join ${TURNS}
      where ${sessions} and (turns.total > 0 or ${IS_OURS})`,
  });

/**
 * Older releases read the clock again for the event. An event whose time would be before that of the event before it has
 * the time of that one.
 */
const CLOSED_THEN = `
  case when ${BORN_WITH_MODEL} then closed.at = s.ended_at or exists (
         select 1 from session_events x where x.task_id = s.task_id and x.session_id = s.id and x.id < closed.id and x.at >= closed.at)
       else closed.at between s.ended_at - ${CLOCK_STEP} and s.ended_at + ${ONE_WRITE} end`;

/** SV213 reports these, and SV404 a session without an end. */
const TIME_IS_IMPOSSIBLE = `(s.ended_at < s.created_at or ${inTheFuture('closed.at')} or ${inTheFuture('s.ended_at')})`;

/** Compares the status and the end of each session with the event that closed it, if no process started afterwards. */
export const closedStatusesCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV217',
    name: 'closed statuses',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, ${firstFault([
        [
          'closed.reason is distinct from s.status and closed.session_id is not null',
          `format('it was closed as %s, but its status is %s', coalesce(closed.reason, 'nothing'), s.status)`,
        ],
        [
          `closed.session_id is not null and not ${TIME_IS_IMPOSSIBLE} and not (${CLOSED_THEN})`,
          `format('it ended at %s, but the event that closed it is of %s', s.ended_at, closed.at)`,
        ],
        // A temporary session ends with its process, a deleted one stops with it.
        [
          `closed.session_id is null and s.status in ${CLOSED} and not (s.standalone and s.milestone_id is null)
             and not (s.deleted_at is not null and s.status = 'stopped') and ${IS_OURS}`,
          `format('its status is %s, but no event closed it', s.status)`,
        ],
      ])} as what
      from sessions s
      left join (
        select distinct on (e.task_id, e.session_id) e.task_id, e.session_id, e.id, e.type, e.reason, e.at
        from session_events e where e.type in ('closed', 'turn-started') and ${inScope('e')} order by e.task_id, e.session_id, e.id desc
      ) closed on closed.session_id = s.id and closed.task_id = s.task_id and closed.type = 'closed'
      where ${inScope('s')}`,
  });

export const lapsedCheck = ({ sessions }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV216',
    name: 'lapsed',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, format('its lease expired at %s, but its process is still recorded as running', s.lease_expires_at) as what
      from sessions s
      where ${sessions} and s.lease_expires_at < now() - ${FEW_SWEEPS}
        and exists (select 1 from processes p where p.session_id = s.id and p.status = 'running')`,
  });
