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

/** Tasks with a session whose events are not numbered without gaps. */
export const CHAINS_SIEVE = `
  select e.task_id as id from session_events e group by e.task_id, e.session_id having ${PLACES_IN_ORDER} is not true`;
