import { BIRTHS } from '../event-types.ts';
import { CLOCK_STEP, inTheFuture, ONE_WRITE } from '../tolerances.ts';

/** A session from before the guard (generation 0) may have no creation event. */
const BORN_AS_TOLD = `
  case
    when born.id is null then s.generation = 0 and not s.guarded and s.predecessor_id is null
    else (s.task_id, s.phase, s.mode, s.generation) = (born.task_id, born.phase, born.mode, born.generation)
      and s.predecessor_id is not distinct from born.predecessor_id
      and born.type = case when s.generation = 0 then case when s.standalone then 'standalone-started' else 'created-beside' end
                           when s.predecessor_id is null then 'created' else 'replaced' end
      and (s.generation = 0 or s.guarded)
      and born.at = s.created_at and born.actor is not distinct from s.created_by
      and case born.type when 'replaced' then born.reason in ('model-changed', 'user-request', 'session-invalid') else born.reason = 'first' end
  end`;

const ENDED_AS_TOLD = `
  case
    when s.deleted_at is null then died.id is null and s.replaced_by is null
    when died.id is null then born.id is null and s.replaced_by is null
    else (died.task_id, died.phase, died.mode) = (s.task_id, s.phase, s.mode) and died.reason = s.deleted_reason
      and s.replaced_by is not distinct from died.successor
      -- The successor of a collapsed session has no event that names it, so such sessions are always examined.
      and case when died.successor is null then s.deleted_reason <> 'collapsed' and died.generation = s.generation
                 and died.at between s.deleted_at - ${CLOCK_STEP} and s.deleted_at + ${ONE_WRITE}
               else died.generation > s.generation and died.at = s.deleted_at end
  end`;

const TIMES_IN_ORDER = `
  s.updated_at >= s.created_at and s.created_at >= t.created_at - ${CLOCK_STEP} and not (${inTheFuture('s.updated_at')})
  and not (${inTheFuture('s.created_at')})
  and (s.deleted_at is null or s.deleted_at >= s.created_at and not (${inTheFuture('s.deleted_at')}))
  and (s.ended_at is null or s.ended_at >= s.created_at and not (${inTheFuture('s.ended_at')}))
  and (s.lease_expires_at is null or s.lease_expires_at <= now() + interval '1 day')`;

/**
 * Tasks whose sessions, session events and slots do not obviously agree. Each session is joined with its creation event
 * and its deletion event, and the results are counted per slot, so that duplicates change the count. A purged session
 * has only its events; a session from before the guard (generation 0) may have no events.
 */
export const LIVES_SIEVE = `
  select task_id as id from (
    select coalesce(s.task_id, born.task_id, died.task_id) as task_id, coalesce(s.phase, born.phase, died.phase) as phase,
           coalesce(s.mode, born.mode, died.mode) as mode, coalesce(s.generation, born.generation) as generation,
           s.id, (s.guarded and s.deleted_at is null) is true as live,
           (case
              when s.id is null then r.purged_at is not null
              else (${BORN_AS_TOLD}) and (${ENDED_AS_TOLD}) and ${TIMES_IN_ORDER}
                and case when s.status in ('completed', 'failed', 'stopped') then s.deleted_at is not null or s.ended_at is not null
                         else s.ended_at is null end
            end) is true as plain
    from sessions s
    full join (
      select session_id as id, task_id, phase, mode, generation, reason, at, null::uuid as successor from session_events where type = 'deleted'
      union all
      select predecessor_id, task_id, phase, mode, generation, reason, at, session_id from session_events
      where type = 'replaced' and predecessor_id is not null
    ) died on died.id = s.id
    full join (
      select session_id as id, task_id, phase, mode, type, generation, predecessor_id, reason, actor, at from session_events where type in ${BIRTHS}
    ) born on born.id = s.id
    left join archives r on r.session_id = coalesce(born.id, died.id) and s.id is null
    left join tasks t on t.id = s.task_id
  ) lives
  full join slots g using (task_id, phase, mode)
  group by task_id, phase, mode, g.generation, g.live_session_id
  having (
    bool_and(coalesce(plain, true)) and bool_and(coalesce(live, false) = coalesce(lives.id = g.live_session_id, false))
    and count(*) filter (where live) = (g.live_session_id is not null)::int
    -- Each generation up to the latest must occur once: the count is equal, and a bit mask has one bit per generation.
    -- A slot with more generations than bits is always returned.
    and count(*) filter (where lives.generation > 0) = coalesce(g.generation, 0)
    and coalesce(bit_or(1::bigint << lives.generation::int) filter (where lives.generation between 1 and 61), 0)
      = case when coalesce(g.generation, 0) between 0 and 61 then (1::bigint << (coalesce(g.generation, 0) + 1)::int) - 2 end
  ) is not true`;
