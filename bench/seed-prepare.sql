set session_replication_role = replica;
set synchronous_commit = off;
create function seed_id(kind text, n bigint) returns uuid language sql immutable parallel safe as
  $$ select ('0190000' || kind || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
-- The chains of events: an aggregate, used as a window function. It exists on this connection only.
create aggregate pg_temp.seed_chain(session_events) (sfunc = event_hash, stype = bytea);
insert into projects (id, name) values (seed_id('1', 1), 'bench');
