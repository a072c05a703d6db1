import { BIRTHS, tellsEnding, tellsLoss } from '../event-types.ts';
import { inTheFuture } from '../tolerances.ts';

/** Time in microseconds, as the seed of a hash. */
const micros = (time: string): string => `(date_part('epoch', ${time}) * 1e6)::bigint`;

/** Hashes that a process and its events must agree on. A null gives 0, which no row has. */
const startHash = (id: string, seq: string, reason: string, at: string): string =>
  `coalesce(hashtextextended(${id} || '/' || ${seq} || '/' || ${reason}, ${micros(at)}), 0)`;
const attemptHash = (attempt: string, start: string): string => `hashtextextended(${attempt}, ${start})`;
const endHash = (id: string, ending: string, at: string): string =>
  `coalesce(hashtextextended(${id} || '/' || ${ending}, ${micros(at)}), 0)`;
const lossHash = (id: string): string => `coalesce(hashtextextended(${id}, 1), 0)`;
const slotHash = (row: string): string => `hashtextextended(${row}.phase || '/' || ${row}.mode, ${row}.generation)`;

/** One unit each in a sum: processes count up and events down, so the sum of a session is 0 if the numbers are equal. */
const [A_TURN, AN_ENDING, A_LOSS] = ['1::bigint', '(1::bigint << 20)', '(1::bigint << 40)'];

const NAMED = `(e.detail ->> 'process_id')`;
const EVENT_START = startHash(NAMED, `(e.detail ->> 'seq')`, 'e.reason', 'e.at');
const EVENT_END = endHash(NAMED, 'e.reason', 'e.at');
const EVENT_LOSS = lossHash(NAMED);
const ROW_START = startHash('p.id::text', 'p.seq', 'p.reason', 'p.started_at');

/** The columns of a fact. The tables give those that apply; the aggregates skip the others, which are null. */
const COLUMNS = {
  with_attempt: 'bigint',
  without_attempt: 'bigint',
  balance: 'bigint',
  of_old_release: 'integer',
  at: 'timestamptz',
  slot: 'bigint',
  id: 'bigint',
  born: 'bigint',
  born_for: 'text',
  odd_reason: 'text',
  living: 'bigint',
  gone: 'bigint',
  started: 'bigint',
  closed: 'bigint',
  closed_as: 'text',
  changed: 'integer',
  adopted: 'integer',
  lost_until: 'timestamptz',
  lost_at: 'timestamptz',
} as const;

const facts = (session: string, columns: Readonly<Partial<Record<keyof typeof COLUMNS, string>>>): string =>
  `select e.task_id, ${session}, ${Object.entries(COLUMNS)
    .map(
      ([column, type]) =>
        `${Object.entries(columns).find(([name]) => name === column)?.[1] ?? 'null'}::${type} as ${column}`,
    )
    .join(', ')}`;

const OF_EVERY_EVENT = { at: 'e.at', slot: slotHash('e'), id: 'e.id' } as const;

/** One scan for each kind of event: a scan costs less than to ask each event for its type again and again. */
const FACTS = `
  ${facts('e.session_id', {
    with_attempt: `${attemptHash('e.attempt_id::text', 'e.start_hash')} # e.end_hash`,
    without_attempt: 'e.start_hash # e.end_hash',
    balance: `${A_TURN} + case e.status when 'running' then 0 when 'lost' then ${A_LOSS} else ${AN_ENDING} end`,
    lost_until: `case when e.status = 'lost' then e.ended_at end`,
  })}
  from (
    select p.task_id, p.session_id, p.attempt_id, p.status, p.ended_at, ${ROW_START} as start_hash,
           case p.status when 'running' then 0 when 'lost' then ${lossHash('p.id::text')}
                else ${endHash('p.id::text', 'p.status', 'p.ended_at')} end as end_hash
    -- OFFSET 0 keeps the planner from computing the hash twice.
    from processes p offset 0) e
  union all
  ${facts('e.session_id', {
    ...OF_EVERY_EVENT,
    with_attempt: attemptHash(`(e.detail ->> 'attempt_id')`, 'e.start_hash'),
    without_attempt: 'e.start_hash',
    balance: `- ${A_TURN}`,
    of_old_release: `case when e.detail ->> 'attempt_id' is null then 1 end`,
    odd_reason: `case when e.reason not in ('first', 'same-model') then e.reason end`,
    living: 'e.id',
    started: 'e.id',
    changed: '1',
  })}
  from (select e.*, ${EVENT_START} as start_hash from session_events e where e.type = 'turn-started' offset 0) e
  union all
  ${facts('e.session_id', {
    ...OF_EVERY_EVENT,
    with_attempt: EVENT_END,
    without_attempt: EVENT_END,
    balance: `- ${AN_ENDING}`,
    changed: '1',
  })}
  from session_events e where ${tellsEnding}
  union all
  ${facts('e.session_id', {
    ...OF_EVERY_EVENT,
    with_attempt: EVENT_LOSS,
    without_attempt: EVENT_LOSS,
    balance: `- ${A_LOSS}`,
    lost_at: 'e.at',
    changed: `case e.type when 'turn-finished' then 1 end`,
  })}
  from session_events e where ${tellsLoss}
  union all
  ${facts('e.session_id', {
    ...OF_EVERY_EVENT,
    born: `case when e.type in ${BIRTHS} then e.id end`,
    born_for: `case when e.type in ('created', 'replaced') then e.reason end`,
    living: `case when e.type in ('closed', 'kept') then e.id end`,
    gone: `case when e.type = 'deleted' then e.id end`,
    closed: `case when e.type = 'closed' then e.id end`,
    closed_as: `case when e.type = 'closed' then e.reason end`,
    changed: `case when e.type in ('closed', 'kept', 'adopted') then 1 end`,
    adopted: `case when e.type = 'adopted' then 1 end`,
  })}
  from session_events e where e.type in ('turn-started', 'turn-lost', 'turn-finished') is not true
  union all
  ${facts('e.predecessor_id', { gone: 'e.id' })}
  from session_events e where e.type = 'replaced' and e.predecessor_id is not null`;

/**
 * Tasks with a session whose processes and events do not obviously agree. Hashes of both sides are combined with XOR, so
 * that every process is compared with its events without a sort or a join: equal numbers and a combined hash of 0 mean
 * that each has its counterpart. Events of old releases name no attempt, so their starts are compared without it.
 */
export const TOLD_SIEVE = `
  with suspicious as materialized (
    select told.task_id, told.session_id
    from (
      select task_id, session_id, bit_xor(with_attempt) as with_attempt, bit_xor(without_attempt) as without_attempt,
             sum(balance) as balance, count(started) as starts, count(of_old_release) as of_old_release, max(at) as latest,
             min(slot) as slot, max(slot) as other_slot, count(slot) as in_slot, min(id) as first, count(id) as events,
             min(born) as born, count(born) as births, max(born_for) as born_for, min(odd_reason) as odd_reason, max(odd_reason) as other_reason,
             max(living) as living, min(gone) as gone, count(gone) as ends, max(started) as started, max(closed) as closed,
             count(closed) as closes, max(closed_as) as closed_as, count(changed) as changes, count(adopted) as adoptions,
             max(lost_until) as lost_until, count(lost_until) as losses, max(lost_at) as lost_at
      from (${FACTS}) facts group by task_id, session_id) told
    left join sessions s on s.id = told.session_id
    left join archives r on r.session_id = told.session_id and s.id is null
    where (
      births <= 1 and ends <= 1 and (born is null or born = first) and (gone is null or living is null or living < gone)
      and (latest is null or not (${inTheFuture('latest')}))
      and case
        -- A purged session has only its events.
        when s.id is null then r.session_id is not null
        else coalesce(balance, 0) = 0
          and case of_old_release when 0 then coalesce(with_attempt, 0) = 0 when starts then coalesce(without_attempt, 0) = 0 end
          and (losses = 0 or losses = 1 and lost_until <= lost_at)
          and told.task_id = s.task_id and (events = 0 or in_slot = events and slot = other_slot and slot = ${slotHash('s')})
          and s.version > changes + ends and adoptions = (s.guarded and s.generation = 0)::int
          and closes <= 1
          and case when closed > coalesce(started, 0) then closed_as = s.status
                   else s.status not in ('completed', 'failed', 'stopped') or (s.standalone and s.milestone_id is null)
                     or (s.deleted_at is not null and s.status = 'stopped') end
          and (odd_reason is null or s.generation = 0 or (odd_reason = born_for and other_reason = born_for))
      end
    ) is not true)
  select task_id as id from suspicious
  union all
  -- The session may belong to another task than its processes and events.
  select s.task_id from suspicious join sessions s on s.id = suspicious.session_id`;
