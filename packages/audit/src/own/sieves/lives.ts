/**
 * Tasks whose sessions, session events and slots do not obviously agree. Each session is joined with its creation event
 * and its deletion event, and the results are counted per slot, so that duplicates change the count. A purged session
 * has only its events; a session from before the guard (generation 0) has no events.
 */
export const LIVES_SIEVE = `
  select task_id as id from (
    select coalesce(s.task_id, born.task_id, died.task_id) as task_id, coalesce(s.phase, born.phase, died.phase) as phase,
           coalesce(s.mode, born.mode, died.mode) as mode, coalesce(s.generation, born.generation) as generation,
           s.id, (s.guarded and s.deleted_at is null) is true as live,
           (case
              when s.id is null then r.purged_at is not null
              when s.generation = 0 then born.id is null and died.id is null and s.predecessor_id is null and s.replaced_by is null
              else (s.task_id, s.phase, s.mode, s.generation) = (born.task_id, born.phase, born.mode, born.generation)
                and s.predecessor_id is not distinct from born.predecessor_id and (s.predecessor_id is not null) = (born.type = 'replaced')
                and (s.deleted_at is not null) = (died.id is not null) and s.replaced_by is not distinct from died.successor
                and (died.id is null or died.task_id = s.task_id and (died.successor is null or died.generation > s.generation))
            end
            and (s.lease_expires_at is null or s.lease_expires_at <= now() + interval '1 day')
            and (s.deleted_at is not null or s.ended_at is not null or s.id is null or s.status not in ('completed', 'failed', 'stopped'))
            and (s.id is null or t.id is not null)) is true as plain
    from sessions s
    full join (
      select session_id as id, task_id, phase, mode, generation, null::uuid as successor from session_events where type = 'deleted'
      union all
      select predecessor_id, task_id, phase, mode, generation, session_id from session_events where type = 'replaced' and predecessor_id is not null
    ) died on died.id = s.id
    full join (
      select session_id as id, task_id, phase, mode, type, generation, predecessor_id from session_events where type in ('created', 'replaced')
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
