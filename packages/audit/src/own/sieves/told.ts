import { BIRTHS, COUNTED_BY_VERSION, OF_LIVE_SESSIONS, tellsEnding, tellsLoss } from '../event-types.ts';
import { inTheFuture } from '../tolerances.ts';

/** Time in microseconds, as the seed of a hash. */
const micros = (time: string): string => `(date_part('epoch', ${time}) * 1e6)::bigint`;

/** Hashes of a process that its row and its events must agree on. A null in an event gives no hash of a row. */
const startHash = (id: string, seq: string, reason: string, at: string): string =>
  `hashtextextended(${id} || '/' || ${seq} || '/' || ${reason}, ${micros(at)})`;
const attemptHash = (attempt: string, start: string): string => `hashtextextended(${attempt}, ${start})`;
const endHash = (id: string, ending: string, at: string): string => `hashtextextended(${id} || '/' || ${ending}, ${micros(at)})`;
const lossHash = (id: string): string => `hashtextextended(${id}, 1)`;

const ROW_START = startHash('p.id::text', 'p.seq', 'p.reason', 'p.started_at');
const EVENT_START = startHash(`(e.detail ->> 'process_id')`, `(e.detail ->> 'seq')`, 'e.reason', 'e.at');

const PROCESS_ROWS = `
  select p.task_id, p.session_id, true as plain, null::bigint as id,
         coalesce(${ROW_START}, 0) as start_hash, ${attemptHash('p.attempt_id::text', ROW_START)} as attempt_hash,
         case when p.status in ('completed', 'failed', 'killed') then coalesce(${endHash('p.id::text', 'p.status', 'p.ended_at')}, 0)
              when p.status = 'lost' then ${lossHash('p.id::text')} end as end_hash,
         'process' as kind, p.status as status, null::text as reason, p.ended_at as until, null::integer as version, null::boolean as adoptable,
         null::boolean as closed
  from processes p`;

/**
 * `status` is that which the event says of its process, and of its session for a closed one. An event of a purged session
 * counts only for the order of the events.
 */
const EVENT_ROWS = `
  select e.task_id, e.session_id,
         (case when s.id is null then r.session_id is not null
               else (e.task_id, e.phase, e.mode, e.generation) = (s.task_id, s.phase, s.mode, s.generation) end
          and not (${inTheFuture('e.at')})) is true,
         e.id,
         case when s.id is not null and e.type = 'turn-started' then coalesce(${EVENT_START}, 0) end,
         case when s.id is not null and e.type = 'turn-started' then ${attemptHash(`(e.detail ->> 'attempt_id')`, EVENT_START)} end,
         case when s.id is null then null
              when ${tellsLoss} then coalesce(${lossHash(`(e.detail ->> 'process_id')`)}, 0)
              when ${tellsEnding} then coalesce(${endHash(`(e.detail ->> 'process_id')`, 'e.reason', 'e.at')}, 0) end,
         e.type, s.status, e.reason, e.at, s.version, s.guarded and s.generation = 0,
         s.status in ('completed', 'failed', 'stopped') and not (s.standalone and s.milestone_id is null) and not (s.deleted_at is not null and s.status = 'stopped')
  from session_events e left join sessions s on s.id = e.session_id left join archives r on r.session_id = e.session_id and s.id is null`;

const REPLACEMENTS = `
  select e.task_id, e.predecessor_id, true, e.id, null, null, null, 'left', null, null, null, null, null, null
  from session_events e where e.type = 'replaced' and e.predecessor_id is not null`;

const LOSS = `(kind = 'turn-lost' or kind = 'turn-finished' and reason = 'lost')`;
const ENDING = `(kind = 'turn-finished' and reason is distinct from 'lost')`;

/**
 * Tasks with a session whose processes and events do not obviously agree. Hashes of both sides are combined with XOR, so
 * that one scan of each table, without a sort, compares every process with its events: equal counts and a combined hash
 * of 0 mean that each has its counterpart. Events of old releases name no attempt, so their starts are compared without
 * it.
 */
export const TOLD_SIEVE = `
  select task_id as id from (
    select task_id, session_id, bool_and(plain) as plain,
           count(*) filter (where kind = 'process') as turns, count(start_hash) filter (where kind = 'turn-started') as starts,
           count(attempt_hash) filter (where kind = 'turn-started') as with_attempt,
           coalesce(bit_xor(start_hash), 0) as starts_differ, coalesce(bit_xor(attempt_hash), 0) as attempts_differ,
           coalesce(bit_xor(end_hash), 0) as ends_differ,
           count(*) filter (where kind = 'process' and status in ('completed', 'failed', 'killed')) as ended, count(end_hash) filter (where ${ENDING}) as endings,
           count(*) filter (where kind = 'process' and status = 'lost') as lost, count(end_hash) filter (where ${LOSS}) as losses,
           max(until) filter (where kind = 'process' and status = 'lost') as lost_until, max(until) filter (where ${LOSS}) as lost_at,
           count(*) filter (where kind in ${BIRTHS}) as births, count(*) filter (where kind in ('deleted', 'left')) as ends,
           min(id) filter (where kind <> 'left') as first, min(id) filter (where kind in ${BIRTHS}) as born,
           max(id) filter (where kind in ${OF_LIVE_SESSIONS}) as living,
           min(id) filter (where kind in ('deleted', 'left')) as gone,
           max(version) as version, count(*) filter (where kind in ${COUNTED_BY_VERSION}) as changes,
           count(*) filter (where kind = 'adopted') as adopted, coalesce(max(adoptable::int), 0) as adoptable,
           count(*) filter (where kind = 'closed') as closes, max(id) filter (where kind = 'closed') as closed_at,
           max(id) filter (where kind = 'turn-started') as started_at,
           bool_or(reason = status) filter (where kind = 'closed') as closed_so, bool_or(closed) as closed,
           max(reason) filter (where kind in ('created', 'replaced')) as born_for, count(*) filter (where kind in ('created', 'replaced')) as guarded,
           min(reason) filter (where kind = 'turn-started' and reason not in ('first', 'same-model')) as least_reason,
           max(reason) filter (where kind = 'turn-started' and reason not in ('first', 'same-model')) as most_reason
    from (${PROCESS_ROWS} union all ${EVENT_ROWS} union all ${REPLACEMENTS}) facts
    group by task_id, session_id) sessions
  where (
    plain and turns = starts
    and (with_attempt = starts and attempts_differ = 0 or with_attempt = 0 and starts_differ = 0)
    and ended = endings and lost = losses and ends_differ = 0 and (lost = 0 or lost = 1 and lost_until <= lost_at)
    and births <= 1 and ends <= 1
    and (born is null or born = first) and (gone is null or living is null or living < gone)
    -- Without a version the session was purged.
    and (version is null or version > changes + ends and adopted = adoptable
      and closes <= 1 and case when closed_at > coalesce(started_at, 0) then closed_so else closed is not true end)
    and (least_reason is null or guarded = 0 or (least_reason = born_for and most_reason = born_for))
  ) is not true`;
