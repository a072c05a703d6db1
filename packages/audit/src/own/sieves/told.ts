import { STILL_CHAINING } from '../chains.ts';
import { CLOCK_STEP, inTheFuture, ONE_WRITE } from '../tolerances.ts';
import { atHash, birthHash, endHash, placeHash } from './fact-hashes.ts';
import { LIFE, LIVES_TOLD, ONCE } from './facts-of-lives.ts';
import { STARTS, TURNS_TOLD } from './facts-of-turns.ts';

const happened = (bit: keyof typeof ONCE): string => `coalesce(once, 0) & ${ONCE[bit]} > 0`;

/** A session from before the guard (generation 0) may have no creation event. */
const BORN_AS_TOLD = `
  case when ${happened('born')} then s.generation = 0 or s.guarded else s.generation = 0 and not s.guarded and s.predecessor_id is null end`;

/** The successor of a collapsed session has no event that names it, so such sessions are always examined. */
const ENDED_AS_TOLD = `
  case when s.deleted_at is null then not (${happened('ended')}) and s.replaced_by is null
       when not (${happened('ended')}) then not (${happened('born')}) and s.replaced_by is null
       when s.replaced_by is null then gone_at between s.deleted_at - ${CLOCK_STEP} and s.deleted_at + ${ONE_WRITE} and s.deleted_reason <> 'collapsed'
       else gone_at = s.deleted_at and later > s.generation end`;

/** What the row of a session says about its creation and its deletion. A null gives 1, which no event has. */
const FACT_OF_ROW = `
  (case when ${happened('born')} then coalesce(${birthHash({
    type: `case when s.generation = 0 then case when s.standalone then 'standalone-started' else 'created-beside' end
                when s.predecessor_id is null then 'created' else 'replaced' end`,
    predecessor: 's.predecessor_id',
    actor: 's.created_by',
    at: atHash('s.created_at'),
  })}, 1) else 0 end
  # case when ${happened('ended')} then coalesce(${endHash('s', 's.deleted_reason', 's.replaced_by')}, 1) else 0 end)`;

const NAMES_BOTH = STARTS.namesAttempt | STARTS.namesNoAttempt;
const ALL_REASONS = 15 * STARTS.reason;
const STARTED_FOR = `coalesce(starts, 0) & ${ALL_REASONS}`;

const STATUS_AS_TOLD = `
  case when closed > coalesce(started, 0)
       then life & case s.status when 'completed' then ${LIFE.completed} when 'failed' then ${LIFE.failed} when 'stopped' then ${LIFE.stopped} else 0 end > 0
         and case when life & ${LIFE.bornWithModel} > 0 then closed_at = s.ended_at
                  else closed_at between s.ended_at - ${CLOCK_STEP} and s.ended_at + ${ONE_WRITE} end
       else s.status not in ('completed', 'failed', 'stopped') or (s.standalone and s.milestone_id is null)
         or (s.deleted_at is not null and s.status = 'stopped') or (s.generation = 0 and not (${happened('born')})) end`;

/** XOR over the places equals that over 1 to the number of events if each place occurs once. */
const PLACES_IN_ORDER = `
  case when places is null then coalesce(events, 0) = 0 or ${STILL_CHAINING}
       when events <= 62 then places = ((1::bigint << events::int) - 1) << 1
       else places = 9223372036854775806 # (select bit_xor(hashint4extended(place, 0)) from generate_series(63, events::int) place) end`;

const AS_ITS_EVENTS = `
  coalesce(fact, 0) = 0 and coalesce(balance, 0) = 0 and coalesce(life_fact, 0) # ${FACT_OF_ROW} = 0
  and case coalesce(starts, 0) & ${NAMES_BOTH} when ${STARTS.namesNoAttempt} then true when ${NAMES_BOTH} then false else coalesce(attempt, 0) = 0 end
  and case losses when 1 then lost_until <= lost_at else coalesce(losses, 0) = 0 end
  and s.version > coalesce(changes, 0) + coalesce(other_changes, 0) + (${happened('ended')})::int
  and (${happened('adopted')}) = (s.guarded and s.generation = 0) and (coalesce(life, 0) & ${LIFE.kept} > 0) = (s.kept_through is not null)
  and ${STATUS_AS_TOLD}
  and (${STARTED_FOR} = 0 or s.generation = 0 or ${STARTED_FOR} = life & ${ALL_REASONS})
  and ${BORN_AS_TOLD} and ${ENDED_AS_TOLD}`;

/** A purged session counts in its slot by its creation event. */
const AS_ITS_ARCHIVE = `purged and (coalesce(life, 0) & ${LIFE.bornInSlot} > 0) = (r.generation > 0)`;

/** All events of the session have its task, slot and generation. */
const IN_ITS_PLACE = `
  (coalesce(events, 0) = 0 or slot = other_slot and slot = case when s.id is null then ${placeHash('r')} else ${placeHash('s')} end)`;

/**
 * Tasks with a session whose row, processes and events do not obviously agree. Each fact is a hash, once of the rows and
 * once of the events, and the hashes of a session are combined with XOR: so all are compared without a sort or a join.
 * Equal numbers and a combined hash of 0 mean that each fact has its counterpart.
 */
export const TOLD_SIEVE = `
  with suspicious as materialized (
    select session_id, coalesce(s.task_id, r.task_id) as task_id, ${IN_ITS_PLACE} is true as in_place
    from (${TURNS_TOLD}) turns
    full join (${LIVES_TOLD}) lives using (session_id)
    full join (select *, id as session_id from sessions) s using (session_id)
    left join archives r using (session_id)
    where (
      ${IN_ITS_PLACE} and ${PLACES_IN_ORDER}
      and once is not distinct from times_once and (born is null or born = first)
      and (gone is null or greatest(living, started) is null or greatest(living, started) < gone)
      and (latest is null or not (${inTheFuture('latest')}))
      and case when s.id is null then ${AS_ITS_ARCHIVE} else ${AS_ITS_EVENTS} end
    ) is not true)
  select task_id as id from suspicious where task_id is not null
  union all
  -- Without a session, this is null for a null id and everything is examined.
  select e.task_id from (select * from suspicious where not in_place) x left join session_events e using (session_id)
  where e.task_id is not null or x.session_id is null`;
