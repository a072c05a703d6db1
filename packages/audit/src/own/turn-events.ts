import type { Check } from '../check.ts';
import { tellsEnding, tellsLoss } from './event-types.ts';
import { faultCheck, firstFault } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';

/**
 * The events of each process, one row per process that an event names. `next_id` is the event of the next start in the
 * session; `next_attempt_id` is null if that event is of a release that recorded neither attempts nor losses.
 */
const toldTurns = ({ inScope }: ScopeSql): string => `
  select told.*, lead(start_id) over later as next_id, lead(attempt_id) over later as next_attempt_id
  from (
    select e.task_id, e.session_id, coalesce(e.detail ->> 'process_id', '') as process_id,
           count(*) filter (where e.type = 'turn-started') as starts,
           count(*) filter (where ${tellsEnding}) as endings,
           count(*) filter (where ${tellsLoss}) as losses,
           min(e.id) filter (where e.type = 'turn-started') as start_id,
           min(e.id) filter (where ${tellsEnding}) as end_id,
           max(e.at) filter (where e.type = 'turn-started') as started_at,
           max(e.at) filter (where ${tellsEnding}) as ended_at,
           max(e.at) filter (where ${tellsLoss}) as lost_at,
           max(e.reason) filter (where e.type = 'turn-started') as reason,
           max(e.reason) filter (where ${tellsEnding}) as ending,
           max(e.detail ->> 'seq') filter (where e.type = 'turn-started') as seq,
           max(e.detail ->> 'attempt_id') filter (where e.type = 'turn-started') as attempt_id,
           bool_or((e.phase, e.mode, e.generation) is distinct from (s.phase, s.mode, s.generation)) as misplaced
    from session_events e join sessions s on s.id = e.session_id and s.task_id = e.task_id
    where e.type in ('turn-started', 'turn-lost', 'turn-finished') and ${inScope('e')}
    group by e.task_id, e.session_id, e.detail ->> 'process_id') told
  window later as (partition by session_id order by start_id)`;

/** The event with which the session of the process ended: reports after it give the process another time. */
const LEFT = `
  select min(x.id) as id from session_events x
  where t.deleted_at is not null and x.task_id = t.task_id
    and (x.session_id = t.session_id and x.type = 'deleted' or x.predecessor_id = t.session_id and x.type = 'replaced')`;

/**
 * Compares each process with the events of its start and end, in both directions.
 *
 * A lost process ended when its lease expired, which is before the event, or when it started, if the clock was set back.
 * Two ways to lose a process record no event: the archive of a deleted session, and starts of old releases. A lost
 * process may still report its ending. A process that reports its ending in time ended then.
 */
export const turnEventsCheck = (scope: ScopeSql): Check =>
  faultCheck({
    rule: 'SV211',
    name: 'turn events',
    kind: 'process',
    sql: `
      select coalesce(t.id::text, e.process_id) as id, coalesce(t.task_id, e.task_id) as task_id, t.attempt_id,
             coalesce(t.session_id, e.session_id) as session_id, ${firstFault([
               [
                 't.id is null',
                 `case e.process_id when '' then 'an event of its session names no process' else 'an event names it, but its session never had it' end`,
               ],
               ['coalesce(e.starts, 0) = 0', `'no event records its start'`],
               ['e.starts > 1', `format('%s events record its start', e.starts)`],
               ['e.misplaced', `'an event of it is of another slot or generation'`],
               [
                 'e.seq is distinct from t.seq::text',
                 `format('its number is %s, but the event of its start says %s', t.seq, coalesce(e.seq, 'nothing'))`,
               ],
               [
                 'e.reason is distinct from t.reason',
                 `format('its reason is %s, but the event of its start says %s', t.reason, coalesce(e.reason, 'nothing'))`,
               ],
               [
                 'e.started_at is distinct from t.started_at',
                 `format('it started at %s, but the event of its start is of %s', t.started_at, e.started_at)`,
               ],
               // Without the attempt, SV301 reports the process.
               [
                 'e.attempt_id <> t.attempt_id::text and t.has_attempt',
                 `format('its attempt is %s, but the event of its start names %s', t.attempt_id, e.attempt_id)`,
               ],
               [`t.status = 'running' and e.endings + e.losses > 0`, `'it is running, but an event records its end'`],
               [
                 `t.status in ('completed', 'failed', 'killed') and e.endings <> 1`,
                 `format('its status is %s, but %s events record its end', t.status, e.endings)`,
               ],
               [
                 `t.status in ('completed', 'failed', 'killed') and e.ending is distinct from t.status`,
                 `format('its status is %s, but the event of its end says %s', t.status, coalesce(e.ending, 'nothing'))`,
               ],
               [
                 `t.status = 'lost' and e.endings > 0`,
                 `format('it is lost, but an event records its end as %s', e.ending)`,
               ],
               ['e.losses > 1', `format('%s events record that it was lost', e.losses)`],
               [
                 `t.status = 'lost' and e.losses = 0
                   and case when e.next_id is null then t.deleted_at is null else e.next_attempt_id is not null end`,
                 `'it is lost, but no event records that'`,
               ],
               [
                 'e.losses = 1 and t.ended_at > e.lost_at and t.ended_at not in (t.started_at, coalesce(e.ended_at, t.started_at))',
                 `format('it ended at %s, but was recorded as lost before, at %s', t.ended_at, e.lost_at)`,
               ],
               [
                 `e.losses = 0 and e.endings = 1 and t.ended_at <> t.started_at and t.ended_at > e.ended_at`,
                 `format('it ended at %s, but its end was recorded before, at %s', t.ended_at, e.ended_at)`,
               ],
               [
                 `e.losses = 0 and e.endings = 1 and (e.next_id is null or e.end_id < e.next_id) and (gone.id is null or e.end_id < gone.id)
                   and t.ended_at not in (e.ended_at, greatest(t.started_at, e.ended_at))`,
                 `format('it ended at %s, but the event of its end is of %s', t.ended_at, e.ended_at)`,
               ],
             ])} as what
      from (
        select p.id, p.id::text as process_id, s.task_id, p.attempt_id, p.session_id, p.seq, p.reason, p.status, p.started_at, p.ended_at,
               s.deleted_at, a.id is not null as has_attempt
        from processes p join sessions s on s.id = p.session_id left join attempts a on a.id = p.attempt_id where ${scope.inScope('s')}) t
      full join (${toldTurns(scope)}) e on e.session_id = t.session_id and e.process_id = t.process_id
      left join lateral (${LEFT}) gone on true`,
  });
