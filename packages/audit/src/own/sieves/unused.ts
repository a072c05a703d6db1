/** Sessions that are over, or name a conversation, and never had a turn. Two indexes tell who never had one, and only of those the rows are read. */
export const UNUSED_SIEVE = `
  select s.id from (
    select x.id from sessions x where not exists (select 1 from processes p where p.session_id = x.id) offset 0) never
  join sessions s using (id) where s.deleted_at is not null or s.agent_session_id is not null`;
