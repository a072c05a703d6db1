/**
 * Sessions without a turn that are deleted or name a conversation. Two indexes find the sessions without a turn; only
 * their rows are read.
 */
export const UNUSED_SIEVE = `
  select s.id from (
    select x.id from sessions x where not exists (select 1 from processes p where p.session_id = x.id) offset 0) never
  join sessions s using (id) where s.deleted_at is not null or s.agent_session_id is not null`;
