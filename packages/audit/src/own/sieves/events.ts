/** Tasks with an event, other than a creation or deletion, whose session has neither a row nor an archive. */
export const EVENTS_SIEVE = `
  select e.task_id as id from session_events e
  where e.type not in ('created', 'replaced', 'deleted') and not exists (select 1 from sessions s where s.id = e.session_id)
    and not exists (select 1 from archives r where r.session_id = e.session_id)`;
