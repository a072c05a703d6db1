/** Whether events from before migration 0023 may still be without a hash. Computed once per statement. */
export const STILL_CHAINING = `((select bool_and(finished_at is not null) from event_chain_progress) is not true)`;

/**
 * Whether the events of a group, which are those of one session, have the places from 1 to their number. Compares sums
 * instead of counting distinct places, because that would sort all events; the check uses the same condition.
 */
export const PLACES_IN_ORDER = `
  (count(e.place) = 0 and count(e.hash) = 0 and ${STILL_CHAINING}
   or count(e.place) = count(*) and count(e.hash) = count(*) and max(e.place) = count(*) and sum(e.place) = count(*) * (count(*) + 1) / 2
      and sum(e.place::bigint * e.place) = count(*)::numeric * (count(*) + 1) * (2 * count(*) + 1) / 6)`;

/**
 * Tasks with a session whose events are not numbered without gaps, or which has an event, other than a creation or
 * deletion, but neither a row nor an archive. One pass over the events, grouped by session.
 */
export const EVENTS_SIEVE = `
  select g.task_id as id from (
    select e.task_id, e.session_id, ${PLACES_IN_ORDER} is true as in_order, bool_or(e.type not in ('created', 'replaced', 'deleted')) as used
    from session_events e group by e.task_id, e.session_id) g
  where not g.in_order or g.used and not exists (select 1 from sessions s where s.id = g.session_id)
    and not exists (select 1 from archives r where r.session_id = g.session_id)`;
