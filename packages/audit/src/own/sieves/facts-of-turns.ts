import { atHash, attemptHash, endingHash, lossHash, placeHash, startHash } from './fact-hashes.ts';

/** Bits of the `turn-started` events of a session. */
export const STARTS = {
  namesAttempt: 1,
  /** Events of old releases name no attempt. */
  namesNoAttempt: 2,
  /** From here on, the reasons for which a session replaces another one, and one for all other reasons. */
  reason: 4,
} as const;

export const REASONS = ['model-changed', 'user-request', 'session-invalid'] as const;

export const reasonBit = (reason: string, others: string): string =>
  `case ${reason} ${REASONS.map((one, nth) => `when '${one}' then ${STARTS.reason << nth}`).join(' ')} else ${others} end`;

const PROCESS_ID = `(e.detail ->> 'process_id')`;

/**
 * The first 62 places have a bit each, later ones a hash. A place without a hash, or the reverse, has the bit of no
 * place; an event that is not chained yet has nothing.
 */
const PLACE = `
  case when e.place between 1 and 62 and e.hash is not null then 1::bigint << e.place
       when e.place is null and e.hash is null then null
       when e.place > 62 and e.hash is not null then hashint4extended(e.place, 0) else 1 end`;

/** 1 for a start, 2 for another end than a loss, 3 for a loss, null for other events. */
const KIND = `
  case e.type when 'turn-started' then 1 when 'turn-finished' then case e.reason when 'lost' then 3 else 2 end when 'turn-lost' then 3 end`;

/** Each OFFSET 0 keeps the planner from computing a column for each use of it. */
const OF_EVENTS = `
  select e.session_id, e.id, e.at, e.place, e.slot, e.fact, e.turn, null::timestamptz as lost_until,
         case e.kind when 1 then ${attemptHash('e.attempt_id', 'e.fact')} end as attempt,
         case e.kind when 1 then e.id end as started,
         case e.kind when 1 then case when e.attempt_id is null then ${STARTS.namesNoAttempt} else ${STARTS.namesAttempt} end
           | case e.reason when 'same-model' then 0 when 'first' then 0 else ${reasonBit('e.reason', String(STARTS.reason << REASONS.length))} end
         end as starts
  from (
    select e.session_id, e.id, e.at, ${PLACE} as place, coalesce(${placeHash('e')}, 0) as slot, e.kind, e.reason,
           case e.kind when 1 then ${startHash({ id: PROCESS_ID, seq: `(e.detail ->> 'seq')`, reason: 'e.reason', at: 'e.at_hash' })}
                       when 2 then ${endingHash({ id: PROCESS_ID, reason: 'e.reason', at: 'e.at_hash' })}
                       when 3 then ${lossHash(PROCESS_ID)} end as fact,
           case when e.kind is not null then -1 end as turn,
           case e.kind when 1 then e.detail ->> 'attempt_id' end as attempt_id
    from (
      select e.task_id, e.session_id, e.id, e.phase, e.mode, e.reason, e.generation, e.detail, e.at, e.place, e.hash, ${KIND} as kind, ${atHash('e.at')} as at_hash
      from session_events e offset 0) e offset 0) e`;

/** A null in a row gives 1, which no event has. */
const OF_PROCESSES = `
  select p.session_id, null, null, null, null,
         p.start # case p.status when 'running' then 0 when 'lost' then coalesce(${lossHash('p.id')}, 1)
                     else coalesce(${endingHash({ id: 'p.id', reason: 'p.status', at: atHash('p.ended_at') })}, 1) end,
         case p.status when 'running' then 1 else 2 end, case p.status when 'lost' then coalesce(p.ended_at, 'infinity') end,
         ${attemptHash('p.attempt_id::text', 'p.start')}, null, null
  from (
    select p.session_id, p.attempt_id, p.status, p.ended_at, p.id::text as id,
           coalesce(${startHash({ id: 'p.id::text', seq: 'p.seq::text', reason: 'p.reason', at: atHash('p.started_at') })}, 1) as start
    from processes p offset 0) p`;

/**
 * One row per session with processes or events. Processes count up in `balance`, once for the start and once for the
 * end, and their events count down. Few aggregates, because each is computed for every event.
 */
export const TURNS_TOLD = `
  select session_id, bit_xor(fact) as fact, bit_xor(attempt) as attempt, sum(turn) as balance, count(turn) filter (where turn < 0) as changes,
         bit_or(starts) as starts, max(started) as started, max(lost_until) as lost_until, count(lost_until) as losses,
         count(id) as events, min(id) as first, max(at) as latest, min(slot) as slot, max(slot) as other_slot, bit_xor(place) as places
  from (${OF_EVENTS} union all ${OF_PROCESSES}) facts group by session_id`;
