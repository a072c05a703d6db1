-- The first guarded start of a task that already has a live session of the same model: it is taken in, and its duplicates collapse.
create type adopted_session as (outcome text, collapsed bigint);

create function adopt_session(
  p_task_id uuid, p_phase text, p_mode text, p_seen_generation bigint, p_session_id uuid, p_actor text, p_wait_ms integer
) returns adopted_session language plpgsql as $$
declare
  v_at timestamptz;
  v adopted_session;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  insert into slots as s (task_id, phase, mode, generation, version, live_session_id)
    values (p_task_id, p_phase, p_mode, 0, 1, p_session_id)
    on conflict (task_id, phase, mode) do update set version = s.version + 1, live_session_id = p_session_id
      where s.generation = p_seen_generation and s.live_session_id is null;
  if not found then v.outcome := 'moved'; return v; end if;

  v_at := clock_timestamp();
  v.collapsed := collapse_legacy_sessions(p_task_id, p_phase, p_mode, p_session_id, p_session_id, 'collapsed', p_actor, v_at);
  update sessions set guarded = true, version = version + 1, updated_at = v_at where id = p_session_id;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
    select task_id, phase, mode, id, 'adopted', 'collapsed', generation, p_actor, v_at from sessions where id = p_session_id;
  v.outcome := 'adopted';
  return v;
end $$;

-- Soft-deletes a session and frees its slot. The slot is locked before the session, the order every other writer uses.
create type deleted_session as (outcome text, task_id uuid, phase text, mode text, slot_version bigint, version integer);

create function delete_session(p_session_id uuid, p_seen_version integer, p_reason text, p_actor text, p_wait_ms integer)
returns deleted_session language plpgsql as $$
declare
  v deleted_session;
  v_session sessions;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  select s.task_id, s.phase, s.mode into v.task_id, v.phase, v.mode from sessions s where s.id = p_session_id;
  if not found then v.outcome := 'not-found'; return v; end if;

  perform 1 from slots s where s.task_id = v.task_id and s.phase = v.phase and s.mode = v.mode for update;
  select * into v_session from sessions s where s.id = p_session_id for no key update;
  v.version := v_session.version;
  if v_session.deleted_at is not null then v.outcome := 'already-deleted'; return v; end if;
  if p_seen_version is not null and v_session.version <> p_seen_version then v.outcome := 'version-mismatch'; return v; end if;

  update sessions s
    set deleted_at = clock_timestamp(), deleted_reason = p_reason, version = s.version + 1, updated_at = clock_timestamp()
    where s.id = p_session_id returning s.version into v.version;
  update slots s set live_session_id = null, version = s.version + 1
    where s.task_id = v.task_id and s.phase = v.phase and s.mode = v.mode and s.live_session_id = p_session_id
    returning s.version into v.slot_version;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'deleted', p_reason, v_session.generation, p_actor, clock_timestamp());
  v.outcome := 'deleted';
  return v;
end $$;
