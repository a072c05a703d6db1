/**
 * Tasks with turns that do not obviously follow each other: in a session, and in a slot from one session to the next. A
 * turn without an end counts as endless, and turns with equal numbers as overlapping. The first window is in the order
 * of the index, and the second one has a row per session.
 */
export const OVERLAPS_SIEVE = `
  select s.task_id as id from (
    select s.task_id, s.generation, used.since, used.apart,
           max(used.until) over (
             partition by s.generation > 0, s.task_id, s.phase, s.mode order by s.generation rows between unbounded preceding and 1 preceding) as others_until
    from (
      select session_id, min(started_at) as since, max(ended) as until,
             bool_and((ended >= started_at and seq is not null and (before_seq is null or seq > before_seq and started_at >= before_ended)) is true) as apart
      from (
        select p.session_id, p.seq, p.started_at, coalesce(p.ended_at, 'infinity') as ended,
               lag(p.seq) over w as before_seq, lag(coalesce(p.ended_at, 'infinity')) over w as before_ended
        from processes p window w as (partition by p.session_id order by p.seq)) turns
      group by session_id) used
    join sessions s on s.id = used.session_id) s
  where (s.apart and (s.generation = 0 or s.others_until is null or s.since >= s.others_until)) is not true`;
