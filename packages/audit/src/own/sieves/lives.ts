import { CLOCK_STEP, inTheFuture } from '../tolerances.ts';

const PLAIN = `
  s.updated_at >= s.created_at and s.created_at >= t.created_at - ${CLOCK_STEP}
  and not (${inTheFuture('greatest(s.created_at, s.updated_at, s.deleted_at, s.ended_at)')})
  and (s.deleted_at is null or s.deleted_at >= s.created_at) and (s.ended_at is null or s.ended_at >= s.created_at)
  and (s.lease_expires_at is null or s.lease_expires_at <= now() + interval '1 day')
  and case when s.status in ('completed', 'failed', 'stopped') then s.deleted_at is not null or s.ended_at is not null else s.ended_at is null end`;

/**
 * Tasks whose sessions and slots do not obviously agree. The sessions are counted per slot, the purged ones by their
 * archives, so that duplicates change the count. How sessions agree with their events is in another sieve.
 */
export const LIVES_SIEVE = `
  select task_id as id from (
    select coalesce(s.task_id, r.task_id) as task_id, coalesce(s.phase, r.phase) as phase, coalesce(s.mode, r.mode) as mode,
           coalesce(s.generation, r.generation) as generation, s.id, (s.guarded and s.deleted_at is null) is true as live,
           (case when s.id is null then true else r.session_id is null and ${PLAIN} end) is true as plain
    from sessions s full join (select * from archives where purged_at is not null) r on r.session_id = s.id
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
