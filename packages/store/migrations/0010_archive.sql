-- Archive, then purge. A session passes from sessions_to_archive through a claim and a manifest to a tombstone; each step is one short
-- transaction, and what is between two of them is in these tables, so that whoever dies is continued by whoever comes next.

-- Set when an archive of the session was verified; taken back when the session turns out to have changed since.
alter table sessions add column archived_at timestamptz;

drop index sessions_deleted;
-- Serves: what is still to be archived, oldest deletion first. Empty but for what waits, whatever the size of the table.
create index sessions_to_archive on sessions (deleted_at, id) where deleted_at is not null and archived_at is null;

-- A manifest while the session is there, its tombstone when it is gone: enough to resolve the chain and to say whose it was.
alter table archives
  add column project_id uuid not null,
  add column phase text not null,
  add column mode text not null,
  add column agent text not null,
  add column variant text,
  add column model text,
  add column generation bigint not null,
  add column predecessor_id uuid,
  add column replaced_by uuid,
  add column session_created_at timestamptz not null,
  add column deleted_at timestamptz not null,
  add column deleted_reason text not null,
  add column feedback_count integer not null,
  add column hold_reason text,
  -- From here on nobody may put it on hold any more: its object is being removed.
  add column removing_at timestamptz,
  add column removed_at timestamptz,
  add check (legal_hold = (hold_reason is not null)),
  add check (removed_at is null or removing_at is not null);
-- Serves: what may be purged, oldest deletion first.
create index archives_to_purge on archives (deleted_at, session_id) where purged_at is null;
-- Serves: what has had its year.
create index archives_to_remove on archives (expires_at, session_id) where purged_at is not null and removed_at is null and not legal_hold;

-- Who is at a session, until when by this clock, and how it went so far. No foreign key: a claim must not lock its session.
create table archive_claims (
  session_id uuid primary key,
  task_id uuid not null,
  token uuid,
  leased_until timestamptz,
  failures smallint not null default 0,
  due_at timestamptz not null default clock_timestamp(),
  error_code text,
  error_text text,
  -- Where its object is being written: named here before the first byte is, so that no object is in a store that nobody knows of.
  object_key text,
  dead_at timestamptz,
  discarded_at timestamptz,
  discarded_by text,
  discard_reason text,
  check ((token is null) = (leased_until is null)),
  check (discarded_at is null or (dead_at is not null and discard_reason is not null))
);
-- Serves: the dead letters, and whether there are any.
create index archive_claims_dead on archive_claims (dead_at, session_id) where dead_at is not null;
-- Serves: when the next retry is due.
create index archive_claims_due on archive_claims (due_at) where dead_at is null and failures > 0;

-- Objects that are nobody's archive any more: of an attempt that died, or of a version of the session that changed. They are removed.
create table archive_leftovers (
  object_key text primary key,
  since timestamptz not null default clock_timestamp(),
  -- From here on nobody may write it again: it is being removed.
  removing_at timestamptz
);

-- Who read what. Append-only, and written before the answer is.
create table archive_reads (
  id bigint generated always as identity primary key,
  session_id uuid not null,
  task_id uuid not null,
  actor text,
  request_id text,
  at timestamptz not null default clock_timestamp()
);
-- Serves: who read the archive of a session.
create index archive_reads_by_session on archive_reads (session_id, id);
create function refuse_change_of_reads() returns trigger language plpgsql as $$
begin
  raise exception 'archive_reads is append-only: % is refused', tg_op using errcode = 'restrict_violation';
end $$;
create trigger archive_reads_append_only before update or delete or truncate on archive_reads
  for each statement execute function refuse_change_of_reads();

create trigger feedback_kept after delete on feedback referencing old table as gone for each statement execute function refuse_unarchived_parts();
create trigger feedback_not_truncated before truncate on feedback for each statement execute function refuse_truncate();

-- How the runs of the worker went.
create table archive_runs (
  id uuid primary key,
  started_at timestamptz not null default clock_timestamp(),
  finished_at timestamptz,
  worker text not null,
  archived bigint not null default 0,
  purged bigint not null default 0,
  removed bigint not null default 0,
  failed bigint not null default 0,
  bytes bigint not null default 0
);
-- Serves: the last runs.
create index archive_runs_by_start on archive_runs (started_at desc);

-- Usage that comes home after the session was deleted is a change of what was, or is about to be, archived.
create or replace function record_usage(
  p_session_id uuid, p_process_id uuid, p_input bigint, p_output bigint, p_turns bigint, p_cost bigint
) returns text language plpgsql as $$
declare
  was processes;
begin
  perform 1 from sessions s where s.id = p_session_id for no key update;
  if not found then return 'session-not-found'; end if;
  select * into was from processes p where p.id = p_process_id and p.session_id = p_session_id;
  if not found then return 'process-not-found'; end if;
  update processes set input_tokens = p_input, output_tokens = p_output, turns = p_turns, cost_usd_micros = p_cost where id = p_process_id;
  update sessions s
    set input_tokens = s.input_tokens + p_input - was.input_tokens, output_tokens = s.output_tokens + p_output - was.output_tokens,
        turns = s.turns + p_turns - was.turns, cost_usd_micros = s.cost_usd_micros + p_cost - was.cost_usd_micros,
        version = s.version + (s.deleted_at is not null)::integer, updated_at = clock_timestamp()
    where s.id = p_session_id;
  return 'recorded';
end $$;
