import { TOTALS } from '../usage.ts';

/**
 * Sessions without a turn that are deleted, or that do not look like new ones. Two indexes find the sessions without a
 * turn; only their rows are read.
 */
export const UNUSED_SIEVE = `
  select s.id from (
    select x.id from sessions x where not exists (select 1 from processes p where p.session_id = x.id) offset 0) never
  join sessions s using (id)
  where (s.deleted_at is null and s.agent_session_id is null and s.lease_expires_at is null
    and s.taken_up is null and s.conversation_of is null and s.kept_through is null
    and s.status = case when s.predecessor_id is null then 'ready' else 'pending' end
    and ${TOTALS.map((total) => `s.${total} = 0`).join(' and ')}) is not true`;
