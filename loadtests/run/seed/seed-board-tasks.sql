-- Switches off triggers, foreign keys and synchronous commits, and defines seed_id and seed_chain, for this connection only.
set session_replication_role = replica;
set synchronous_commit = off;
create function pg_temp.seed_id(kind text, n bigint) returns uuid language sql immutable parallel safe as
  $$ select ('0190000' || kind || '-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid $$;
create aggregate pg_temp.seed_chain(session_events) (sfunc = event_hash, stype = bytea);
create temporary table seeded as
  select t, sessions, sum(sessions) over (order by t) - sessions as before
  from (select t, case when t > $HEAD then 1 else least($MOST, $HEAD / t) end as sessions from generate_series(1, $TASKS) t) spread;
create index on seeded (before);
analyze seeded;
insert into projects (id, name) select pg_temp.seed_id('1', p), 'board ' || p from generate_series(1, $PROJECTS) p;
insert into tasks (id, project_id, title, created_at)
  select pg_temp.seed_id('2', t), pg_temp.seed_id('1', (t - 1) % $PROJECTS + 1), 'task ' || t, now() - interval '16 days' from seeded;
insert into attempts (id, task_id, branch, last_seq, created_at)
  select pg_temp.seed_id('3', t), pg_temp.seed_id('2', t), 'attempt/1', sessions * 2, now() - interval '16 days' from seeded;
-- The sessions of a task are created in its three phases in turn; each replaces the previous one of its phase.
insert into slots (task_id, phase, mode, generation, version, live_session_id)
  select pg_temp.seed_id('2', t), phase, 'standard', born, born, pg_temp.seed_id('4', before + nth + (born - 1) * 3)
  from seeded, (values ('run', 1), ('plan', 2), ('verify', 3)) as slot(phase, nth), lateral (select (sessions - nth + 3) / 3 as born) as counted
  where sessions >= nth;
