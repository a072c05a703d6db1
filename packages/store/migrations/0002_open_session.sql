-- The hot write: a session is born in a slot, and its predecessor, if any, leaves it. One round trip, one transaction, one WAL flush.
-- It is a compare-and-set: the caller decided on a snapshot, and nothing is written unless the slot still is what it saw.

create type opened_session as (outcome text, generation bigint, slot_version bigint, collapsed bigint);

create function open_session(
  p_task_id uuid, p_phase text, p_mode text,
  p_seen_generation bigint, p_seen_live uuid, p_seen_legacy uuid,
  p_session_id uuid, p_agent text, p_variant text, p_model text, p_parameters jsonb,
  p_created_by text, p_reason text, p_handoff text,
  p_idempotency_scope text, p_idempotency_key text, p_request_hash text, p_response jsonb,
  p_wait_ms integer
) returns opened_session language plpgsql as $$
declare
  v_predecessor uuid := coalesce(p_seen_live, p_seen_legacy);
  v_at timestamptz;
  v opened_session;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);

  -- The row lock is taken here, by the conditional update itself; a waiter re-checks the condition on the newest row.
  if p_seen_generation = 0 and p_seen_live is null then
    insert into slots as s (task_id, phase, mode, generation, version, live_session_id)
    values (p_task_id, p_phase, p_mode, 1, 1, p_session_id)
    on conflict (task_id, phase, mode) do update
      set generation = s.generation + 1, version = s.version + 1, live_session_id = p_session_id
      where s.generation = 0 and s.live_session_id is null
    returning s.generation, s.version into v.generation, v.slot_version;
  else
    update slots s
      set generation = s.generation + 1, version = s.version + 1, live_session_id = p_session_id
      where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode
        and s.generation = p_seen_generation and s.live_session_id is not distinct from p_seen_live
    returning s.generation, s.version into v.generation, v.slot_version;
  end if;
  if not found then
    v.outcome := 'moved';
    return v;
  end if;

  -- Read after the lock was won, so that times in a slot follow its generations.
  v_at := clock_timestamp();

  if p_seen_live is not null then
    update sessions
      set deleted_at = v_at, deleted_reason = p_reason, replaced_by = p_session_id, version = version + 1, updated_at = v_at
      where id = p_seen_live and deleted_at is null;
    if not found then
      raise exception 'slot names a live session that is not live' using errcode = 'PL001';
    end if;
  else
    v.collapsed := collapse_legacy_sessions(p_task_id, p_phase, p_mode, p_seen_legacy, p_session_id, p_reason, p_created_by, v_at);
  end if;

  insert into sessions (id, task_id, phase, mode, agent, variant, model, parameters, status, generation, guarded,
                        created_by, predecessor_id, handoff, created_at, updated_at)
  values (p_session_id, p_task_id, p_phase, p_mode, p_agent, p_variant, p_model, p_parameters,
          case when v_predecessor is null then 'ready' else 'pending' end, v.generation, true,
          p_created_by, v_predecessor, p_handoff, v_at, v_at);

  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, at)
  values (p_task_id, p_phase, p_mode, p_session_id, case when v_predecessor is null then 'created' else 'replaced' end,
          p_reason, v.generation, v_predecessor, p_created_by, v_at);

  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;

  v.outcome := 'opened';
  return v;
end $$;

-- In the transaction of its effect: an ambiguous COMMIT is settled by asking for the key again. A twin waits here and then fails on the
-- primary key; a key past its day is free again, swept or not.
create function take_idempotency_key(p_scope text, p_key text, p_request_hash text, p_response jsonb) returns void language plpgsql as $$
begin
  delete from idempotency_keys where scope = p_scope and key = p_key and expires_at <= clock_timestamp();
  insert into idempotency_keys (scope, key, request_hash, response) values (p_scope, p_key, p_request_hash, p_response);
end $$;

-- A session outside the guard takes no slot, no lock and no generation: 0 marks it for good.
create function create_beside(
  p_task_id uuid, p_phase text, p_mode text, p_session_id uuid, p_agent text, p_variant text, p_model text, p_parameters jsonb,
  p_standalone boolean, p_created_by text,
  p_idempotency_scope text, p_idempotency_key text, p_request_hash text, p_response jsonb
) returns void language plpgsql as $$
declare
  v_at timestamptz := clock_timestamp();
begin
  insert into sessions (id, task_id, phase, mode, agent, variant, model, parameters, status, generation, guarded, standalone,
                        created_by, created_at, updated_at)
  values (p_session_id, p_task_id, p_phase, p_mode, p_agent, p_variant, p_model, p_parameters, 'ready', 0, false, p_standalone,
          p_created_by, v_at, v_at);
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
  values (p_task_id, p_phase, p_mode, p_session_id, case when p_standalone then 'standalone-started' else 'created-beside' end, 'first', 0,
          p_created_by, v_at);
  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;
end $$;

-- Sessions from before the task was enrolled: the newest was shown to the caller, the others only clutter. If the newest is another one
-- by now, the caller decided on something that is gone, and nothing may stand. The newest leaves too unless it is its own successor. Returns
-- how many others there were; each has an event that says where it went.
create function collapse_legacy_sessions(
  p_task_id uuid, p_phase text, p_mode text, p_seen_legacy uuid, p_successor uuid, p_reason text, p_actor text, p_at timestamptz
) returns bigint language plpgsql as $$
declare
  v_newest uuid;
  v_collapsed bigint;
begin
  select id into v_newest from sessions
    where task_id = p_task_id and phase = p_phase and mode = p_mode and deleted_at is null and not guarded and not standalone
    order by created_at desc, id desc limit 1;
  if v_newest is distinct from p_seen_legacy then
    raise exception 'the newest legacy session is another one' using errcode = 'PL002';
  end if;
  if v_newest is null then return 0; end if;

  with gone as (
    update sessions s
      set deleted_at = p_at, replaced_by = p_successor, version = s.version + 1, updated_at = p_at,
          deleted_reason = case when s.id = p_seen_legacy then p_reason else 'collapsed' end
      where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode and s.deleted_at is null and not s.guarded and not s.standalone
        and s.id <> p_successor
      returning s.id, s.generation
  ), told as (
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
      select p_task_id, p_phase, p_mode, gone.id, 'deleted', 'collapsed', gone.generation, p_actor, p_at
      from gone where gone.id <> p_seen_legacy
      returning 1
  ) select count(*) into v_collapsed from told;
  return v_collapsed;
end $$;
