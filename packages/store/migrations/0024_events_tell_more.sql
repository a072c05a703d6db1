-- Events carry what is authoritative about a session and its processes, so that it is chained: the model, a digest of the handoff, the ids that a
-- process reported, its usage and a digest of its log lines. Readers treat each key as absent in older events.

-- A transaction that reads processes for long would otherwise hold up this migration, and the migration every writer behind it. It is tried again.
set local lock_timeout = '2s';

-- The log lines of a process: their number, and a digest over all of them in the order of their ids. Null in processes that were started before: they
-- may have lines already, which no digest covers. Without a default for them, no row is rewritten or read.
alter table processes
  add column log_lines bigint,
  add column log_digest bytea;
alter table processes alter column log_lines set default 0;

-- These functions are STABLE, as the functions they call are: otherwise PostgreSQL could not put them in place of their calls.
create function model_detail(p_agent text, p_variant text, p_model text, p_resolved_model text, p_parameters jsonb) returns jsonb language sql stable as $$
  select jsonb_build_object('agent', p_agent, 'variant', p_variant, 'model', p_model, 'resolved_model', p_resolved_model, 'parameters', p_parameters)
$$;

-- What the first event of a session carries; the handoff itself stays on the session.
create function birth_detail(p_model jsonb, p_milestone_id text, p_handoff text) returns jsonb language sql stable as $$
  select jsonb_build_object('model', p_model)
    || case when p_milestone_id is null then '{}' else jsonb_build_object('milestone_id', p_milestone_id) end
    || case when p_handoff is null then '{}' else jsonb_build_object('handoff_sha256', encode(sha256(convert_to(p_handoff, 'UTF8')), 'hex')) end
$$;

create function usage_detail(p processes) returns jsonb language sql stable as $$
  select jsonb_build_object('input_tokens', p.input_tokens, 'output_tokens', p.output_tokens, 'turns', p.turns, 'cost_usd_micros', p.cost_usd_micros)
$$;

-- Empty for a process whose lines are not covered.
create function log_detail(p processes) returns jsonb language sql stable as $$
  select case when p.log_lines is null then '{}'
              else jsonb_build_object('logs', jsonb_build_object('lines', p.log_lines, 'digest', encode(p.log_digest, 'hex'))) end
$$;

-- What the last event of a process carries.
create function ended_detail(p processes) returns jsonb language sql stable as $$
  select jsonb_build_object('process_id', p.id, 'seq', p.seq, 'agent_session_id', p.agent_session_id, 'exit_code', p.exit_code,
                            'usage', usage_detail(p)) || log_detail(p)
$$;

-- The digest of a log grows line by line, so lines that are appended later do not need the earlier ones.
create function log_digest_after(p_digest bytea, p_kinds text[], p_lines text[]) returns bytea language plpgsql stable as $$
begin
  for i in 1 .. cardinality(p_lines) loop
    p_digest := sha256(coalesce(p_digest, '') || sha256(convert_to(p_kinds[i] || E'\x1f' || p_lines[i], 'UTF8')));
  end loop;
  return p_digest;
end $$;

-- As process_standing, for a caller that has read already whether a later process of the session exists. One query instead of two.
create function standing_of(p_superseded boolean, p_deleted boolean, p_status text) returns text language sql immutable as $$
  select case when p_superseded then 'superseded' when p_deleted then 'replaced'
              when p_status = 'running' then 'at-work' when p_status = 'lost' then 'lost' else 'ended' end
$$;

-- As before; an id that the session itself reported last is not looked for in others. It was free then, and no other session gets the id of a live
-- one. An agent that reports the same id with each turn would otherwise have all its earlier processes read each time.
create or replace function demand_conversation(v sessions, p_agent_session_id text) returns void language plpgsql as $$
begin
  if v.agent_session_id = p_agent_session_id and v.deleted_at is null then return; end if;
  perform pg_advisory_xact_lock(hashtextextended(p_agent_session_id, 0));
  if v.taken_up is not distinct from p_agent_session_id then return; end if;
  if exists (select 1 from processes p where p.agent_session_id = p_agent_session_id and p.session_id <> v.id)
     or exists (select 1 from sessions s where s.taken_up = p_agent_session_id and s.deleted_at is null and s.id <> v.id) then
    raise exception 'agent session id is taken' using errcode = 'PL004';
  end if;
end $$;

-- As before; the event of the birth carries the model and a digest of the handoff.
create or replace function open_session(
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
      where id = p_seen_live and deleted_at is null returning deleted_at into v_at;
    if not found then
      raise exception 'slot names a live session that is not live' using errcode = 'PL001';
    end if;
  else
    v.collapsed := collapse_legacy_sessions(p_task_id, p_phase, p_mode, p_seen_legacy, p_session_id, p_reason, p_created_by, v_at);
    if p_seen_legacy is not null then select deleted_at into v_at from sessions where id = p_seen_legacy; end if;
  end if;

  insert into sessions (id, task_id, phase, mode, agent, variant, model, resolved_model, parameters, status, generation, guarded, milestone_id,
                        created_by, predecessor_id, handoff, created_at, updated_at)
  values (p_session_id, p_task_id, p_phase, p_mode, p_agent, p_variant, p_model, p_resolved_model, p_parameters,
          case when v_predecessor is null then 'ready' else 'pending' end, v.generation, true, p_milestone_id,
          p_created_by, v_predecessor, p_handoff, v_at, v_at);

  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, detail, at)
  values (p_task_id, p_phase, p_mode, p_session_id, case when v_predecessor is null then 'created' else 'replaced' end,
          p_reason, v.generation, v_predecessor, p_created_by,
          birth_detail(model_detail(p_agent, p_variant, p_model, p_resolved_model, p_parameters), p_milestone_id, p_handoff), v_at);

  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;

  v.outcome := 'opened';
  return v;
end $$;

-- As before; the event of the birth carries the model.
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
           case when i.seen_live is null then 'ready' else 'pending' end, i.seen_generation + 1, true, i.created_by, i.seen_live, coalesce(d.deleted_at, v_at), coalesce(d.deleted_at, v_at)
      from unnest(v_items) i left join sessions d on d.id = i.seen_live where i.session_id = any (v_won);
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, detail, at)
    select i.task_id, i.phase, i.mode, i.session_id, case when i.seen_live is null then 'created' else 'replaced' end,
           i.reason, i.seen_generation + 1, i.seen_live, i.created_by,
           birth_detail(model_detail(i.agent, i.variant, i.model, i.resolved_model, i.parameters), null, null), coalesce(d.deleted_at, v_at)
      from unnest(v_items) i left join sessions d on d.id = i.seen_live where i.session_id = any (v_won);
  perform take_idempotency_key(i.key_scope, i.key, i.request_hash, jsonb_build_object('session_id', i.session_id))
    from unnest(v_items) i where i.session_id = any (v_won) and i.key is not null;
  return query select i.session_id, s.generation, s.version, coalesce(d.deleted_at, v_at)
    from unnest(v_items) i join slots s on (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode) left join sessions d on d.id = i.seen_live
    where i.session_id = any (v_won);
end $$;

create or replace function create_beside(
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
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, detail, at)
  values (p_task_id, p_phase, p_mode, p_session_id, case when p_standalone then 'standalone-started' else 'created-beside' end, 'first', 0,
          p_created_by, birth_detail(model_detail(p_agent, p_variant, p_model, p_resolved_model, p_parameters), p_milestone_id, null), v_at);
  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;
end $$;

-- As before; the event carries the agent and the parameters as well.
create or replace function keep_session(
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
              'previous', model_detail(v_before.agent, v_before.variant, v_before.model, v_before.resolved_model, v_before.parameters),
              'current', model_detail(v_before.agent, p_variant, p_model, p_resolved_model, p_parameters)), v_at);
  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;
  v.outcome := 'kept';
  return v;
end $$;

-- As before; the session and its event carry one time.
create or replace function delete_session(p_session_id uuid, p_seen_version integer, p_reason text, p_actor text, p_wait_ms integer)
returns deleted_session language plpgsql as $$
declare
  v deleted_session;
  v_session sessions;
  v_at timestamptz;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  select s.task_id, s.phase, s.mode into v.task_id, v.phase, v.mode from sessions s where s.id = p_session_id;
  if not found then v.outcome := 'not-found'; return v; end if;

  perform 1 from slots s where s.task_id = v.task_id and s.phase = v.phase and s.mode = v.mode for update;
  select * into v_session from sessions s where s.id = p_session_id for no key update;
  v_at := clock_timestamp();
  v.version := v_session.version;
  v.model := v_session.model;
  if v_session.deleted_at is not null then v.outcome := 'already-deleted'; return v; end if;
  if p_seen_version is not null and v_session.version <> p_seen_version then v.outcome := 'version-mismatch'; return v; end if;

  update sessions s
    set deleted_at = v_at, deleted_reason = p_reason, version = s.version + 1, updated_at = v_at
    where s.id = p_session_id returning s.version, s.deleted_at into v.version, v_at;
  update slots s set live_session_id = null, version = s.version + 1
    where s.task_id = v.task_id and s.phase = v.phase and s.mode = v.mode and s.live_session_id = p_session_id
    returning s.version into v.slot_version;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'deleted', p_reason, v_session.generation, p_actor, v_at);
  v.outcome := 'deleted';
  return v;
end $$;

-- As before; the event carries the time that is stored of the session, which is a later one when the clock was stepped back.
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
      returning s.id, s.generation, s.deleted_at
  ), told as (
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
      select p_task_id, p_phase, p_mode, gone.id, 'deleted', 'collapsed', gone.generation, p_actor, gone.deleted_at
      from gone where gone.id <> p_seen_legacy
      returning 1
  ) select count(*) into v_collapsed from told;
  return v_collapsed;
end $$;

-- As before; the events carry the times that are stored of the sessions.
create or replace function delete_sessions(p_session_ids uuid[], p_reason text, p_actor text, p_wait_ms integer)
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
    select s.task_id, s.phase, s.mode, s.id, 'deleted', p_reason, s.generation, p_actor, s.deleted_at from sessions s where s.id = any (v_gone);
  -- A session outside the guard changes no slot's version: 0 says that none is known.
  return query select s.id, s.task_id, s.phase, s.mode, case when s.guarded then coalesce(l.version, 0) else 0 end, s.model
    from sessions s left join slots l on (l.task_id, l.phase, l.mode) = (s.task_id, s.phase, s.mode) where s.id = any (v_gone);
end $$;

-- As before; the session and its event carry one time.
create or replace function close_session(p_session_id uuid, p_generation bigint, p_status text, p_from text[], p_actor text)
returns table (outcome text, session_version integer, task_id uuid, phase text, mode text, temporary boolean) language plpgsql as $$
#variable_conflict use_column
declare
  v sessions;
  v_at timestamptz;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then outcome := 'session-not-found'; return next; return; end if;
  if v.generation <> p_generation or v.deleted_at is not null then outcome := 'stale'; return next; return; end if;
  if not v.status = any (p_from) then outcome := 'illegal-transition'; session_version := v.version; return next; return; end if;
  v_at := clock_timestamp();
  update sessions s set status = p_status, ended_at = v_at, updated_at = v_at, version = s.version + 1
    where s.id = p_session_id returning s.version, s.ended_at into session_version, v_at;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'closed', p_status, p_generation, p_actor, v_at);
  outcome := 'closed';
  temporary := v.standalone and v.milestone_id is null;
  task_id := v.task_id;
  phase := v.phase;
  mode := v.mode;
  return next;
end $$;

-- As before; the events carry what the process was started with, and what a lost one left.
create or replace function begin_turn(
  p_session_id uuid, p_generation bigint, p_seen_version integer, p_attempt_id uuid, p_process_id uuid,
  p_action text, p_reason text, p_passed_session_id text, p_pre_retry_session_id text, p_skip_context boolean,
  p_agent text, p_variant text, p_model text, p_resolved_model text, p_parameters jsonb,
  p_takes_up boolean, p_conversation_of uuid, p_lost_session_id text, p_change jsonb, p_lease_ms integer, p_actor text
) returns table (outcome text, seq integer, lease_expires_at timestamptz, session_version integer, lost boolean) language plpgsql as $$
declare
  v_now timestamptz;
  -- The time that is recorded; never before the latest time that is recorded in this slot.
  v_at timestamptz;
  v sessions;
  v_lost processes;
  v_left record;
  v_spans boolean := false;
begin
  -- Compare-and-set on the version: the decision read the history, and the history must still be that.
  select * into v from sessions s where s.id = p_session_id for no key update;
  v_now := clock_timestamp();
  if not found or v.generation <> p_generation or v.deleted_at is not null or v.version <> p_seen_version or v.lease_expires_at > v_now then
    return query select 'moved'::text, null::integer, null::timestamptz, null::integer, null::boolean;
    return;
  end if;

  -- The handover barrier, judged after every lock is won: a process of a replaced session of this slot may still be alive.
  -- With it is read whether a process of this session counts as running, so that the update below is only made when one does.
  select max(o.lease_expires_at) as lease, max(o.updated_at) as changed_at,
         exists (select 1 from processes r where r.session_id = p_session_id and r.status = 'running') as running
    into v_left from sessions o
    where v.guarded and not o.standalone and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.deleted_at is not null;
  if v_left.lease > v_now then
    raise exception 'a replaced process of this slot is still stopping' using errcode = 'PL005';
  end if;
  -- Read anew: it begins after everything that was waited for has ended.
  v_now := clock_timestamp();
  v_at := greatest(v_now, v.updated_at, v_left.changed_at);

  -- Its lease was not renewed: what ran here is lost since then, and may not count as running beside the new process.
  -- Only the newest can be running: every one before it was ended, or lost here.
  if v_left.running then
    update processes p set status = 'lost', ended_at = greatest(p.started_at, least(v.lease_expires_at, v_at))
      where p.status = 'running' and p.id = (select n.id from processes n where n.session_id = p_session_id order by n.seq desc limit 1)
      returning * into v_lost;
    if found then
      insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
        values (v.task_id, v.phase, v.mode, p_session_id, 'turn-lost', 'lost', p_generation, ended_detail(v_lost), v_at);
    end if;
  end if;

  -- A milestone spans tasks of one project. Asked apart from the update: as a part of its condition, it made PostgreSQL plan the update in each call.
  if v.milestone_id is not null then
    select others.project_id = own.project_id into v_spans
      from attempts a join tasks others on others.id = a.task_id join tasks own on own.id = v.task_id where a.id = p_attempt_id;
  end if;
  -- Grows within the attempt and within the session too: a session that another attempt takes up keeps its order.
  update attempts a
    set last_seq = 1 + greatest(a.last_seq, (select max(p.seq) from processes p where p.session_id = p_session_id))
    where a.id = p_attempt_id and (a.task_id = v.task_id or v_spans)
    returning a.last_seq into seq;
  if not found then
    raise exception 'the attempt does not exist or belongs to another task' using errcode = 'PL003';
  end if;

  if p_takes_up then perform take_up_conversation(v, p_passed_session_id); end if;
  update sessions s
    set status = 'running', lease_expires_at = v_now + make_interval(secs => p_lease_ms / 1000.0), lease_ms = p_lease_ms, version = s.version + 1, updated_at = v_at,
        ended_at = null, taken_up = case when p_takes_up then p_passed_session_id else s.taken_up end,
        conversation_of = case when p_takes_up then p_conversation_of else s.conversation_of end,
        -- Null only in sessions from before it was stored.
        resolved_model = coalesce(s.resolved_model, case when s.model is not distinct from p_model then p_resolved_model end)
    where s.id = p_session_id returning s.lease_expires_at, s.version into lease_expires_at, session_version;

  -- A retry from an earlier step takes back what came after it: those turns are not part of the conversation any more.
  if p_pre_retry_session_id is not null then
    update processes p set dropped = true where p.session_id = p_session_id and p.seq > (
      select max(m.seq) from processes m where m.session_id = p_session_id and m.agent_session_id = p_pre_retry_session_id);
  end if;

  -- Told with a turn or with an ending, a conversation that the agent no longer knows is not resumed any more, in whichever session of the slot.
  if p_lost_session_id is not null then perform invalidate_conversation(v, p_lost_session_id); end if;

  insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, pre_retry_session_id,
                         skip_context, agent, variant, model, resolved_model, parameters, generation, status, started_at)
    values (p_process_id, v.task_id, p_attempt_id, p_session_id, seq, p_action, p_reason, p_passed_session_id,
            p_pre_retry_session_id, p_skip_context, p_agent, p_variant, p_model, p_resolved_model, p_parameters, p_generation, 'running', v_at);
  -- The attempt and a change of model are told here as well: this row stays when the process has been purged.
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, detail, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'turn-started', p_reason, p_generation, p_actor,
            jsonb_build_object('process_id', p_process_id, 'seq', seq, 'attempt_id', p_attempt_id, 'action', p_action,
                               'passed_session_id', p_passed_session_id, 'pre_retry_session_id', p_pre_retry_session_id,
                               'skip_context', p_skip_context, 'takes_up', p_takes_up, 'lost_session_id', p_lost_session_id,
                               'model', model_detail(p_agent, p_variant, p_model, p_resolved_model, p_parameters))
              || case when p_change is null then '{}' else jsonb_build_object('model_change', p_change) end, v_at);
  outcome := 'started';
  lost := v_lost.id is not null;
  return next;
end $$;

-- Usage that is booked after its process ended, in an event of its own.
create function tell_usage(v sessions, p_process_id uuid, p_actor text, p_at timestamptz) returns void language sql as $$
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, detail, at)
    select v.task_id, v.phase, v.mode, v.id, 'usage-booked', null, v.generation, p_actor,
           jsonb_build_object('process_id', p.id, 'usage', usage_detail(p)), p_at
    from processes p where p.id = p_process_id
$$;

-- As before; the event carries the id that was reported, the usage and a digest of the log.
create or replace function finish_turn(
  p_session_id uuid, p_generation bigint, p_process_id uuid, p_ending text, p_from text[], p_exit_code integer,
  p_agent_session_id text, p_lost_agent_session boolean, p_conversation_taken text[], p_conversation_ignored text[],
  p_input bigint, p_output bigint, p_turns bigint, p_cost bigint, p_actor text
) returns table (outcome text, standing text, session_version integer, session_deleted boolean, ended boolean, session_ended boolean,
                 task_id uuid, phase text, mode text, session_status text)
language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz;
  v sessions;
  p record;
  v_ended processes;
  v_id text;
  v_invalidates boolean := false;
  v_booked boolean := false;
  -- The largest whole number JSON carries exactly.
  v_most constant bigint := 9007199254740991;
  v_temporary boolean;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then outcome := 'session-not-found'; return next; return; end if;
  v_at := clock_timestamp();
  if v.generation <> p_generation then outcome := 'stale'; return next; return; end if;
  select x.*, x.seq < (select max(n.seq) from processes n where n.session_id = p_session_id) as superseded into p
    from processes x where x.id = p_process_id and x.session_id = p_session_id;
  if not found then outcome := 'process-not-found'; return next; return; end if;
  standing := standing_of(p.superseded, v.deleted_at is not null, p.status);

  -- Only a new id counts: a report that is repeated after a lost answer is not refused.
  v_id := case when p_agent_session_id is distinct from p.agent_session_id then p_agent_session_id end;
  if p_lost_agent_session then
    v_invalidates :=
      -- A conversation that was taken up may have no maker on record: then the process it was passed to remembers that it is lost.
      (p.passed_session_id is not distinct from v.taken_up and p.passed_session_id is not null and not p.invalidated)
      or exists (
        select 1 from processes m join sessions o on o.id = m.session_id
        where m.agent_session_id = p.passed_session_id and not m.invalidated
          and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.standalone = v.standalone);
  end if;
  if v_id is not null or v_invalidates then
    if standing = any (p_conversation_ignored) then
      v_id := null;
      v_invalidates := false;
    elsif not standing = any (p_conversation_taken) then
      outcome := 'refused'; return next; return;
    end if;
  end if;
  if p.status <> p_ending and not p.status = any (p_from) then outcome := 'illegal-transition'; return next; return; end if;
  if v_id is not null then perform demand_conversation(v, v_id); end if;

  outcome := 'finished';
  task_id := v.task_id;
  phase := v.phase;
  mode := v.mode;
  session_status := v.status;
  session_deleted := v.deleted_at is not null;
  ended := p.status <> p_ending;
  session_ended := false;
  if not ended then
    if p_input is not null then
      select book_usage(p_session_id, x, p_input, p_output, p_turns, p_cost) into v_booked from processes x where x.id = p_process_id;
    end if;
    update sessions s set version = s.version + 1, updated_at = v_at where s.id = p_session_id and v_booked returning s.version into session_version;
    session_version := coalesce(session_version, v.version);
    if v_booked then perform tell_usage(v, p_process_id, p_actor, v_at); end if;
    return next;
    return;
  end if;

  -- A lost process ended when its lease lapsed, whatever it says now about how. So did one of a replaced session: its successor began then.
  -- Its usage is booked as in book_usage, by the two updates that are needed anyway. Without usage, nothing is added.
  update processes x
    set status = p_ending,
        ended_at = coalesce(x.ended_at, case when v.deleted_at is not null then greatest(x.started_at, least(v.lease_expires_at, v_at)) else v_at end),
        invalidated = x.invalidated or coalesce(v_invalidates and x.passed_session_id = v.taken_up and coalesce(v_id, x.agent_session_id) is null, false),
        exit_code = p_exit_code, agent_session_id = coalesce(v_id, x.agent_session_id),
        input_tokens = greatest(x.input_tokens, p_input), output_tokens = greatest(x.output_tokens, p_output),
        turns = greatest(x.turns, p_turns), cost_usd_micros = greatest(x.cost_usd_micros, p_cost)
    where x.id = p_process_id returning * into v_ended;
  if v_invalidates then
    -- The agent no longer knows the conversation that was passed: no process that told its id makes it resumable.
    perform invalidate_conversation(v, p.passed_session_id);
  end if;

  -- A temporary session ends with its one execution.
  v_temporary := v.standalone and v.milestone_id is null and v.status = 'running' and p.status = 'running';
  session_ended := v_temporary and v.ended_at is null;
  -- Only the process that holds the lease gives it back: a lost one that comes home late must not free its successor's.
  update sessions s
    set version = s.version + 1, updated_at = v_at,
        agent_session_id = coalesce(v_id, s.agent_session_id),
        input_tokens = least(v_most, s.input_tokens + greatest(0, p_input - p.input_tokens)),
        output_tokens = least(v_most, s.output_tokens + greatest(0, p_output - p.output_tokens)),
        turns = least(v_most, s.turns + greatest(0, p_turns - p.turns)),
        cost_usd_micros = least(v_most, s.cost_usd_micros + greatest(0, p_cost - p.cost_usd_micros)),
        lease_expires_at = case when p.status = 'running' then null else s.lease_expires_at end,
        ended_at = case when v_temporary then coalesce(s.ended_at, v_at) else s.ended_at end,
        status = case when v_temporary then case p_ending when 'completed' then 'completed' when 'killed' then 'stopped' else 'failed' end
                      when p.status <> 'running' or s.status <> 'running' then s.status
                      when s.deleted_at is not null then 'stopped' else 'ready' end
    where s.id = p_session_id returning s.version, s.status into session_version, session_status;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, detail, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'turn-finished', p_ending, p_generation, p_actor,
            ended_detail(v_ended) || jsonb_build_object('invalidates', v_invalidates), v_at);
  return next;
end $$;

create or replace function record_usage(
  p_session_id uuid, p_process_id uuid, p_input bigint, p_output bigint, p_turns bigint, p_cost bigint, p_taken text[]
) returns table (outcome text, standing text) language plpgsql as $$
declare
  v sessions;
  p processes;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then outcome := 'session-not-found'; return next; return; end if;
  select * into p from processes x where x.id = p_process_id and x.session_id = p_session_id;
  if not found then outcome := 'process-not-found'; return next; return; end if;
  standing := process_standing(v.deleted_at is not null, p);
  if not standing = any (p_taken) then outcome := 'refused'; return next; return; end if;
  if book_usage(p_session_id, p, p_input, p_output, p_turns, p_cost) then
    -- The body of the session has changed, so its version does.
    update sessions s set version = s.version + 1, updated_at = clock_timestamp() where s.id = p_session_id returning s.updated_at into v.updated_at;
    if p.status <> 'running' then perform tell_usage(v, p_process_id, null, v.updated_at); end if;
  end if;
  outcome := 'recorded';
  return next;
end $$;

-- As before; each id that a process reports is kept in an event, with the time at which it was known.
create or replace function report_agent_session(p_session_id uuid, p_generation bigint, p_process_id uuid, p_agent_session_id text, p_taken text[])
returns table (outcome text, standing text) language plpgsql as $$
declare
  v sessions;
  p record;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then outcome := 'session-not-found'; return next; return; end if;
  if v.generation <> p_generation then outcome := 'stale'; return next; return; end if;
  select x.agent_session_id, x.status, x.seq < (select max(n.seq) from processes n where n.session_id = p_session_id) as superseded into p
    from processes x where x.id = p_process_id and x.session_id = p_session_id;
  if not found then outcome := 'process-not-found'; return next; return; end if;
  standing := standing_of(p.superseded, v.deleted_at is not null, p.status);
  if not standing = any (p_taken) then outcome := 'refused'; return next; return; end if;
  outcome := 'reported';
  if p.agent_session_id is distinct from p_agent_session_id then
    perform demand_conversation(v, p_agent_session_id);
    update processes x set agent_session_id = p_agent_session_id where x.id = p_process_id;
    update sessions s set agent_session_id = p_agent_session_id, version = s.version + 1, updated_at = clock_timestamp() where s.id = p_session_id
      returning s.updated_at into v.updated_at;
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
      values (v.task_id, v.phase, v.mode, p_session_id, 'conversation-told', null, p_generation,
              jsonb_build_object('process_id', p_process_id, 'agent_session_id', p_agent_session_id), v.updated_at);
  end if;
  return next;
end $$;

-- As before, with a digest of the lines on the process. FOR NO KEY UPDATE: appends of a session go one after the other, so that the digest follows the
-- order of the lines.
create or replace function append_logs(
  p_session_id uuid, p_generation bigint, p_process_id uuid, p_kinds text[], p_lines text[], p_taken text[],
  p_idempotency_scope text, p_idempotency_key text, p_request_hash text, p_response jsonb
) returns table (outcome text, standing text) language plpgsql as $$
declare
  v sessions;
  p processes;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then outcome := 'session-not-found'; return next; return; end if;
  if v.generation <> p_generation then outcome := 'stale'; return next; return; end if;
  -- Nearly every append is by a process at work, and this update finds that out: a query before it would cost more than the digest.
  update processes x set log_lines = x.log_lines + cardinality(p_lines), log_digest = log_digest_after(x.log_digest, p_kinds, p_lines)
    where x.id = p_process_id and x.session_id = p_session_id and x.status = 'running' and x.log_lines is not null
      and v.deleted_at is null and 'at-work' = any (p_taken)
      and x.seq = (select max(n.seq) from processes n where n.session_id = p_session_id);
  if found then
    standing := 'at-work';
  else
    select * into p from processes x where x.id = p_process_id and x.session_id = p_session_id;
    if not found then outcome := 'process-not-found'; return next; return; end if;
    standing := process_standing(v.deleted_at is not null, p);
    if not standing = any (p_taken) then outcome := 'refused'; return next; return; end if;
    update processes x set log_lines = x.log_lines + cardinality(p_lines), log_digest = log_digest_after(x.log_digest, p_kinds, p_lines)
      where x.id = p_process_id and x.log_lines is not null returning * into p;
    -- The last event of a process that is over carries an earlier digest. The event has the time of the last change of the session, on which later
    -- times are based: nothing of the session changes with it, and a clock that is set back would else give later rows times before it.
    if found and p.status <> 'running' then
      insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
        values (v.task_id, v.phase, v.mode, p_session_id, 'logs-appended', null, p_generation,
                jsonb_build_object('process_id', p_process_id) || log_detail(p), v.updated_at);
    end if;
  end if;
  insert into session_logs (session_id, process_id, kind, line)
    select p_session_id, p_process_id, kind, line from unnest(p_kinds, p_lines) with ordinality as t(kind, line, n) order by n;
  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;
  outcome := 'appended';
  return next;
end $$;

-- As before; the event carries what the process left.
create or replace function mark_lapsed(p_limit integer, p_live_status text)
returns table (session_id uuid, task_id uuid, phase text, mode text, generation bigint, process_id uuid, session_status text, temporary_ended boolean)
language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz := clock_timestamp();
  v_ids uuid[];
begin
  select coalesce(array_agg(lapsed.id), '{}') into v_ids from (
    select s.id from processes p join sessions s on s.id = p.session_id
    where p.status = 'running' and s.lease_expires_at <= v_at order by s.id limit p_limit for no key update of s skip locked) lapsed;
  if cardinality(v_ids) = 0 then return; end if;

  -- Judged again by a statement of its own: a heartbeat or an ending may have been committed between the look and the lock.
  return query
    with lost as (
      update processes p set status = 'lost', ended_at = greatest(p.started_at, s.lease_expires_at)
        from sessions s
        where s.id = any (v_ids) and p.session_id = s.id and p.status = 'running' and s.lease_expires_at <= v_at
        returning p.id, p.session_id, ended_detail(p) as detail, s.ended_at is not null as was_ended
    ), marked as (
      update sessions s
        set version = s.version + 1, updated_at = v_at, lease_expires_at = null,
            ended_at = case when s.standalone and s.milestone_id is null then coalesce(s.ended_at, v_at) else s.ended_at end,
            status = case when s.status <> 'running' then s.status
                          when s.standalone and s.milestone_id is null then 'failed'
                          when s.deleted_at is not null then 'stopped' else p_live_status end
        from lost where s.id = lost.session_id
        returning s.id, s.task_id, s.phase, s.mode, s.generation, lost.id as process_id, lost.detail, s.status,
                  s.standalone and s.milestone_id is null and not lost.was_ended as temporary_ended
    ), told as (
      insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
        select m.task_id, m.phase, m.mode, m.id, 'turn-lost', 'lost', m.generation,
               m.detail, v_at from marked m
    )
    select m.id, m.task_id, m.phase, m.mode, m.generation, m.process_id, m.status, m.temporary_ended from marked m;
end $$;

-- As before; a process that is found lost here has its event, too, and events from before they were chained are chained before they are archived.
create or replace function claim_unarchived(p_token uuid, p_limit integer, p_lease_seconds integer, p_min_age_seconds double precision)
returns table (session_id uuid, task_id uuid, failures smallint, copy smallint) language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz := clock_timestamp();
  v_ids uuid[];
begin
  loop
    select coalesce(array_agg(due.id), '{}') into v_ids from (
      select s.id from sessions s left join archive_claims c on c.session_id = s.id
      where s.deleted_at is not null and s.archived_at is null and s.deleted_at <= v_at - make_interval(secs => p_min_age_seconds)
        and (s.lease_expires_at is null or s.lease_expires_at <= v_at)
        and (c.session_id is null or c.dead_at is null and c.due_at <= v_at and claim_is_free(c, v_at, p_lease_seconds))
      order by s.deleted_at, s.id limit p_limit for update of s skip locked) due;
    exit when cardinality(v_ids) = 0;

    return query
      insert into archive_claims as c (session_id, task_id, token, leased_until)
        select s.id, s.task_id, p_token, v_at + make_interval(secs => p_lease_seconds) from sessions s where s.id = any (v_ids)
      on conflict (session_id) do update set token = excluded.token, leased_until = excluded.leased_until
        -- Judged again on the row itself: another worker may have claimed it since it was looked at.
        where c.dead_at is null and c.due_at <= v_at and claim_is_free(c, v_at, p_lease_seconds)
      returning c.session_id, c.task_id, c.failures, c.copy;
    -- All of them were claimed by another worker in between: it is looked again, or the others would be left lying.
    exit when found;
  end loop;

  -- The lease of what still counts as running was not renewed: it is lost, and will not be written to any more.
  with lost as (
    update processes p set status = 'lost', ended_at = greatest(p.started_at, least(coalesce(s.lease_expires_at, v_at), v_at))
    from archive_claims c join sessions s on s.id = c.session_id
    where c.token = p_token and p.session_id = c.session_id and p.session_id = any (v_ids) and p.status = 'running'
    returning p.session_id, ended_detail(p) as detail
  ), closed as (
    update sessions s
      set version = s.version + 1, updated_at = v_at, lease_expires_at = null, status = case when s.status = 'running' then 'stopped' else s.status end
      from lost where s.id = lost.session_id
      returning s.id, s.task_id, s.phase, s.mode, s.generation, s.updated_at, lost.detail
  )
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
    select c.task_id, c.phase, c.mode, c.id, 'turn-lost', 'lost', c.generation, c.detail, c.updated_at from closed c;

  -- Under the locks of the claim. Not asked any more once all events are chained.
  if exists (select 1 from event_chain_progress g where g.finished_at is null) then
    perform chain_session(s.task_id, s.id) from sessions s
      where s.id = any (v_ids)
        and exists (select 1 from session_events e where e.task_id = s.task_id and e.session_id = s.id and e.hash is null);
  end if;
end $$;

-- As before, under an SQLSTATE of its own: PL007 also says that there is no such flag.
create or replace function refuse_older_worker() returns void language plpgsql as $$
begin
  raise exception 'this purge worker is of an older release, which trusts proofs made earlier: restart it with the present release'
    using errcode = 'PL009';
end $$;
