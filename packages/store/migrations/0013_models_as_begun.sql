-- What a model's name stood for when a session or a process began. An alias moves and a default changes; a conversation stays with the model it
-- began with. Null in rows from before, and where the catalogue could not tell.
alter table sessions add column resolved_model text;
alter table processes add column resolved_model text;

alter table sessions
  -- One session over several tasks: its turns may work at attempts of any task of its project.
  add column milestone_id text,
  -- The last process before the user kept the session for a model that differs slightly; 0 when there was none.
  add column kept_through integer,
  -- An earlier conversation of the slot that goes on here after a retry: the agent's id of it, and the session it began in.
  add column taken_up text,
  add column conversation_of uuid;
-- Whether a model name that is not listed is accepted when others of its family are.
alter table projects add column unlisted_models text not null default 'accepted' check (unlisted_models in ('accepted', 'refused'));

alter type slot_state_row add attribute resolved_model text;
alter type bulk_start add attribute resolved_model text;
-- The key of one item, so that a repeated call finds what became of each.
alter type bulk_start add attribute key_scope text;
alter type bulk_start add attribute key text;
alter type bulk_start add attribute request_hash text;

-- Whether a model is gone is judged by the catalogue in the process that asks: what a name means is decided in one place.
create or replace function with_session(v slot_state_row, p_task_id uuid, p_phase text, p_mode text) returns slot_state_row language plpgsql stable as $$
begin
  if v.slot_live is not null then
    select s.id, s.generation, s.agent, s.variant, s.model, s.resolved_model, s.parameters, s.status, s.guarded
      into v.session_id, v.generation, v.agent, v.variant, v.model, v.resolved_model, v.parameters, v.status, v.guarded
      from sessions s where s.id = v.slot_live;
  else
    select s.id, s.generation, s.agent, s.variant, s.model, s.resolved_model, s.parameters, s.status, s.guarded
      into v.session_id, v.generation, v.agent, v.variant, v.model, v.resolved_model, v.parameters, v.status, v.guarded
      from sessions s
      where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode
        and s.deleted_at is null and not s.guarded and not s.standalone
      order by s.created_at desc, s.id desc limit 1;
  end if;
  v.model_missing := false;
  return v;
end $$;

-- As before, with what the model's name stood for, and the milestone.
create function open_session(
  p_task_id uuid, p_phase text, p_mode text,
  p_seen_generation bigint, p_seen_live uuid, p_seen_legacy uuid,
  p_session_id uuid, p_agent text, p_variant text, p_model text, p_resolved_model text, p_parameters jsonb, p_milestone_id text,
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

  insert into sessions (id, task_id, phase, mode, agent, variant, model, resolved_model, parameters, status, generation, guarded, milestone_id,
                        created_by, predecessor_id, handoff, created_at, updated_at)
  values (p_session_id, p_task_id, p_phase, p_mode, p_agent, p_variant, p_model, p_resolved_model, p_parameters,
          case when v_predecessor is null then 'ready' else 'pending' end, v.generation, true, p_milestone_id,
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

-- For programs of the version before, until the last of them is replaced.
create or replace function open_session(
  p_task_id uuid, p_phase text, p_mode text,
  p_seen_generation bigint, p_seen_live uuid, p_seen_legacy uuid,
  p_session_id uuid, p_agent text, p_variant text, p_model text, p_parameters jsonb,
  p_created_by text, p_reason text, p_handoff text,
  p_idempotency_scope text, p_idempotency_key text, p_request_hash text, p_response jsonb,
  p_wait_ms integer
) returns opened_session language sql as $$
  select open_session(p_task_id, p_phase, p_mode, p_seen_generation, p_seen_live, p_seen_legacy, p_session_id, p_agent, p_variant, p_model,
                      null::text, p_parameters, null::text, p_created_by, p_reason, p_handoff, p_idempotency_scope, p_idempotency_key,
                      p_request_hash, p_response, p_wait_ms)
$$;

create function create_beside(
  p_task_id uuid, p_phase text, p_mode text, p_session_id uuid, p_agent text, p_variant text, p_model text, p_resolved_model text,
  p_parameters jsonb, p_milestone_id text, p_standalone boolean, p_created_by text,
  p_idempotency_scope text, p_idempotency_key text, p_request_hash text, p_response jsonb
) returns void language plpgsql as $$
declare
  v_at timestamptz := clock_timestamp();
begin
  insert into sessions (id, task_id, phase, mode, agent, variant, model, resolved_model, parameters, status, generation, guarded, standalone,
                        milestone_id, created_by, created_at, updated_at)
  values (p_session_id, p_task_id, p_phase, p_mode, p_agent, p_variant, p_model, p_resolved_model, p_parameters, 'ready', 0, false, p_standalone,
          p_milestone_id, p_created_by, v_at, v_at);
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
  values (p_task_id, p_phase, p_mode, p_session_id, case when p_standalone then 'standalone-started' else 'created-beside' end, 'first', 0,
          p_created_by, v_at);
  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;
end $$;

-- For programs of the version before.
create or replace function create_beside(
  p_task_id uuid, p_phase text, p_mode text, p_session_id uuid, p_agent text, p_variant text, p_model text, p_parameters jsonb,
  p_standalone boolean, p_created_by text,
  p_idempotency_scope text, p_idempotency_key text, p_request_hash text, p_response jsonb
) returns void language sql as $$
  select create_beside(p_task_id, p_phase, p_mode, p_session_id, p_agent, p_variant, p_model, null::text, p_parameters, null::text, p_standalone,
                       p_created_by, p_idempotency_scope, p_idempotency_key, p_request_hash, p_response)
$$;

-- Locked first, in the order of their ids, and judged afterwards: a deletion that was waited for is seen. One condition on a row that is waited
-- for and another on other rows, in one statement, would judge the others as they were before the wait.
create or replace function collapse_legacy_sessions(
  p_task_id uuid, p_phase text, p_mode text, p_seen_legacy uuid, p_successor uuid, p_reason text, p_actor text, p_at timestamptz
) returns bigint language plpgsql as $$
declare
  v_newest uuid;
  v_collapsed bigint;
begin
  perform 1 from sessions
    where task_id = p_task_id and phase = p_phase and mode = p_mode and deleted_at is null and not guarded and not standalone
    order by id for no key update;
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

-- The user keeps the session for a model that differs slightly: from now on that is the session's model. The slot first, then the session, the
-- order every other writer uses; its version grows, so that no snapshot of the slot shows the model of before.
create type kept_session as (outcome text, slot_version bigint, session_version integer);

create function keep_session(
  p_task_id uuid, p_phase text, p_mode text, p_guarded boolean, p_session_id uuid, p_generation bigint, p_seen_version integer,
  p_variant text, p_model text, p_resolved_model text, p_parameters jsonb, p_actor text,
  p_idempotency_scope text, p_idempotency_key text, p_request_hash text, p_response jsonb, p_wait_ms integer
) returns kept_session language plpgsql as $$
declare
  v_at timestamptz;
  v_before sessions;
  v kept_session;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  if p_guarded then
    update slots s set version = s.version + 1
      where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode and s.live_session_id = p_session_id
      returning s.version into v.slot_version;
    if not found then v.outcome := 'moved'; return v; end if;
  end if;
  select * into v_before from sessions s where s.id = p_session_id for no key update;
  if v_before.deleted_at is not null or v_before.generation <> p_generation
     or (p_seen_version is not null and v_before.version <> p_seen_version) then
    raise exception 'the session is not what was seen' using errcode = 'PL002';
  end if;
  v_at := clock_timestamp();
  update sessions s
    set variant = p_variant, model = p_model, resolved_model = p_resolved_model, parameters = p_parameters,
        kept_through = coalesce((select max(p.seq) from processes p where p.session_id = p_session_id), 0),
        version = s.version + 1, updated_at = v_at
    where s.id = p_session_id returning s.version into v.session_version;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, detail, at)
    values (p_task_id, p_phase, p_mode, p_session_id, 'kept', 'user-request', p_generation, p_actor,
            jsonb_build_object(
              'previous', jsonb_build_object('variant', v_before.variant, 'model', v_before.model, 'resolved_model', v_before.resolved_model),
              'current', jsonb_build_object('variant', p_variant, 'model', p_model, 'resolved_model', p_resolved_model)), v_at);
  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;
  v.outcome := 'kept';
  return v;
end $$;

-- The legacy session is judged under its own lock: one that was deleted while it was waited for is not taken in.
create or replace function adopt_session(
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
  update sessions set guarded = true, version = version + 1, updated_at = v_at where id = p_session_id and deleted_at is null and not guarded;
  if not found then
    raise exception 'the legacy session is gone' using errcode = 'PL002';
  end if;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
    select task_id, phase, mode, id, 'adopted', 'collapsed', generation, p_actor, v_at from sessions where id = p_session_id;
  v.outcome := 'adopted';
  return v;
end $$;

-- As before, with what the model's name stood for, and the key of each item in the transaction of its effect.
create or replace function open_sessions(p_items jsonb, p_wait_ms integer)
returns table (session_id uuid, generation bigint, slot_version bigint, created_at timestamptz) language plpgsql as $$
declare
  v_items bulk_start[];
  v_won uuid[];
  v_at timestamptz;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  select array_agg(i order by i.task_id, i.phase, i.mode) into v_items from jsonb_populate_recordset(null::bulk_start, p_items) i;

  -- An item of an unknown task is left out like one whose slot moved, and found out about on its own.
  insert into slots (task_id, phase, mode)
    select i.task_id, i.phase, i.mode from unnest(v_items) i join tasks t on t.id = i.task_id where i.seen_generation = 0
    order by i.task_id, i.phase, i.mode on conflict do nothing;
  -- One that another transaction holds is left out: all the others are not kept waiting for it.
  select array_agg(locked.item) into v_items from (
    select i as item from slots s join unnest(v_items) i on (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode)
      order by s.task_id, s.phase, s.mode for update of s skip locked) locked;
  v_at := clock_timestamp();

  with won as (
    update slots s set generation = s.generation + 1, version = s.version + 1, live_session_id = i.session_id
      from unnest(v_items) i
      where (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode)
        and s.generation = i.seen_generation and s.live_session_id is not distinct from i.seen_live
        -- A slot with legacy sessions is collapsed one at a time, where the caller is shown what collapses.
        and (i.seen_live is not null or not exists (
          select 1 from sessions l where l.task_id = i.task_id and l.phase = i.phase and l.mode = i.mode
            and l.deleted_at is null and not l.guarded and not l.standalone))
      returning i.session_id
  ) select array_agg(won.session_id) into v_won from won;

  update sessions s set deleted_at = v_at, deleted_reason = i.reason, replaced_by = i.session_id, version = s.version + 1, updated_at = v_at
    from unnest(v_items) i where s.id = i.seen_live and i.session_id = any (v_won);
  insert into sessions (id, task_id, phase, mode, agent, variant, model, resolved_model, parameters, status, generation, guarded, created_by,
                        predecessor_id, created_at, updated_at)
    select i.session_id, i.task_id, i.phase, i.mode, i.agent, i.variant, i.model, i.resolved_model, i.parameters,
           case when i.seen_live is null then 'ready' else 'pending' end, i.seen_generation + 1, true, i.created_by, i.seen_live, v_at, v_at
      from unnest(v_items) i where i.session_id = any (v_won);
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, at)
    select i.task_id, i.phase, i.mode, i.session_id, case when i.seen_live is null then 'created' else 'replaced' end,
           i.reason, i.seen_generation + 1, i.seen_live, i.created_by, v_at
      from unnest(v_items) i where i.session_id = any (v_won);
  perform take_idempotency_key(i.key_scope, i.key, i.request_hash, jsonb_build_object('session_id', i.session_id))
    from unnest(v_items) i where i.session_id = any (v_won) and i.key is not null;
  return query select i.session_id, s.generation, s.version, v_at
    from unnest(v_items) i join slots s on (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode)
    where i.session_id = any (v_won);
end $$;

-- A named strategy that is enabled wins. Where that flag was never touched it stays off, so that `pessimistic_locking_enabled` decides as before.
update flags set enabled = false where name = 'locking_strategy' and updated_by = 'migration';

-- The model of what was deleted, for the word of it that goes to caches elsewhere.
alter type deleted_session add attribute model text;

create or replace function delete_session(p_session_id uuid, p_seen_version integer, p_reason text, p_actor text, p_wait_ms integer)
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
  v.model := v_session.model;
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

drop function delete_sessions(uuid[], text, text, integer);
create function delete_sessions(p_session_ids uuid[], p_reason text, p_actor text, p_wait_ms integer)
returns table (session_id uuid, task_id uuid, phase text, mode text, slot_version bigint, model text) language plpgsql as $$
declare
  v_gone uuid[];
  v_at timestamptz;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  perform 1 from slots l where (l.task_id, l.phase, l.mode) in (select s.task_id, s.phase, s.mode from sessions s where s.id = any (p_session_ids))
    order by l.task_id, l.phase, l.mode for update;
  -- Sessions outside the guard may have no slot: they are locked in key order themselves.
  perform 1 from sessions s where s.id = any (p_session_ids) order by s.id for no key update;
  v_at := clock_timestamp();
  with gone as (
    update sessions s set deleted_at = v_at, deleted_reason = p_reason, version = s.version + 1, updated_at = v_at
      where s.id = any (p_session_ids) and s.deleted_at is null returning s.id
  ) select array_agg(gone.id) into v_gone from gone;
  update slots l set live_session_id = null, version = l.version + 1 where l.live_session_id = any (v_gone)
    and (l.task_id, l.phase, l.mode) in (select s.task_id, s.phase, s.mode from sessions s where s.id = any (v_gone));
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
    select s.task_id, s.phase, s.mode, s.id, 'deleted', p_reason, s.generation, p_actor, v_at from sessions s where s.id = any (v_gone);
  -- A session outside the guard changes no slot's version: 0 says that none is known.
  return query select s.id, s.task_id, s.phase, s.mode, case when s.guarded then coalesce(l.version, 0) else 0 end, s.model
    from sessions s left join slots l on (l.task_id, l.phase, l.mode) = (s.task_id, s.phase, s.mode) where s.id = any (v_gone);
end $$;
