-- A clock of the database that steps back must not block a slot for as long as the step, nor put what happened later before what happened earlier.

-- How long the lease was when it was given; null in leases from before it was stored.
alter table sessions add column lease_ms integer;

-- As before; a session is born when the one before it left, as that is recorded.
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

  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, at)
  values (p_task_id, p_phase, p_mode, p_session_id, case when v_predecessor is null then 'created' else 'replaced' end,
          p_reason, v.generation, v_predecessor, p_created_by, v_at);

  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;

  v.outcome := 'opened';
  return v;
end $$;

-- As before; a session is born when the one before it left, as that is recorded.
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
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, at)
    select i.task_id, i.phase, i.mode, i.session_id, case when i.seen_live is null then 'created' else 'replaced' end,
           i.reason, i.seen_generation + 1, i.seen_live, i.created_by, coalesce(d.deleted_at, v_at)
      from unnest(v_items) i left join sessions d on d.id = i.seen_live where i.session_id = any (v_won);
  perform take_idempotency_key(i.key_scope, i.key, i.request_hash, jsonb_build_object('session_id', i.session_id))
    from unnest(v_items) i where i.session_id = any (v_won) and i.key is not null;
  return query select i.session_id, s.generation, s.version, coalesce(d.deleted_at, v_at)
    from unnest(v_items) i join slots s on (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode) left join sessions d on d.id = i.seen_live
    where i.session_id = any (v_won);
end $$;

-- As before; the lease by the clock, and what is recorded no earlier than what is on record in the slot.
create or replace function begin_turn(
  p_session_id uuid, p_generation bigint, p_seen_version integer, p_attempt_id uuid, p_process_id uuid,
  p_action text, p_reason text, p_passed_session_id text, p_pre_retry_session_id text, p_skip_context boolean,
  p_agent text, p_variant text, p_model text, p_resolved_model text, p_parameters jsonb,
  p_takes_up boolean, p_conversation_of uuid, p_lost_session_id text, p_change jsonb, p_lease_ms integer, p_actor text
) returns table (outcome text, seq integer, lease_expires_at timestamptz, session_version integer, lost boolean) language plpgsql as $$
declare
  v_now timestamptz;
  -- The time that is recorded; never before what is on record in this slot.
  v_at timestamptz;
  v sessions;
  v_lost processes;
  v_left record;
begin
  -- Compare-and-set on the version: the decision read the history, and the history must still be that.
  select * into v from sessions s where s.id = p_session_id for no key update;
  v_now := clock_timestamp();
  if not found or v.generation <> p_generation or v.deleted_at is not null or v.version <> p_seen_version or v.lease_expires_at > v_now then
    return query select 'moved'::text, null::integer, null::timestamptz, null::integer, null::boolean;
    return;
  end if;

  -- The handover barrier, judged after every lock is won: a process of a replaced session of this slot may still be alive.
  select max(o.lease_expires_at) as lease, max(o.updated_at) as changed_at into v_left from sessions o
    where v.guarded and not o.standalone and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.deleted_at is not null;
  if v_left.lease > v_now then
    raise exception 'a replaced process of this slot is still stopping' using errcode = 'PL005';
  end if;
  -- Read anew: it begins after everything that was waited for has ended.
  v_now := clock_timestamp();
  v_at := greatest(v_now, v.updated_at, v_left.changed_at);

  -- Its lease was not renewed: what ran here is lost since then, and may not count as running beside the new process.
  -- Only the newest can be running: every one before it was ended, or lost here.
  update processes p set status = 'lost', ended_at = greatest(p.started_at, least(v.lease_expires_at, v_at))
    where p.status = 'running' and p.id = (select n.id from processes n where n.session_id = p_session_id order by n.seq desc limit 1)
    returning * into v_lost;
  if found then
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
      values (v.task_id, v.phase, v.mode, p_session_id, 'turn-lost', 'lost', p_generation,
              jsonb_build_object('process_id', v_lost.id, 'seq', v_lost.seq), v_at);
  end if;

  -- Grows within the attempt and within the session too: a session that another attempt takes up keeps its order.
  update attempts a
    set last_seq = 1 + greatest(a.last_seq, (select max(p.seq) from processes p where p.session_id = p_session_id))
    where a.id = p_attempt_id
      and (a.task_id = v.task_id
           -- A milestone spans tasks of one project.
           or v.milestone_id is not null and (select t.project_id from tasks t where t.id = a.task_id) = (select t.project_id from tasks t where t.id = v.task_id))
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
            jsonb_build_object('process_id', p_process_id, 'seq', seq, 'attempt_id', p_attempt_id)
              || case when p_change is null then '{}' else jsonb_build_object('model_change', p_change) end, v_at);
  outcome := 'started';
  lost := v_lost.id is not null;
  return next;
end $$;

-- Renews the lease of the process that is at work. Only the lease changes, so the row stays heap-only.
create or replace function heartbeat(p_session_id uuid, p_generation bigint, p_process_id uuid, p_lease_ms integer)
returns table (outcome text, lease_expires_at timestamptz, replaced_by uuid) language plpgsql as $$
declare
  v sessions;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  outcome := case when not found then 'session-not-found' when v.generation <> p_generation then 'stale'
                  when v.deleted_at is not null then 'replaced' when v.status <> 'running' then 'not-running' end;
  -- By a statement of its own, after the lock: a turn that was waited for has marked the process before it as lost.
  if outcome is null and not exists (
    select 1 from processes p where p.id = p_process_id and p.session_id = p_session_id and p.status = 'running') then
    outcome := 'not-running';
  end if;
  if outcome is null then
    update sessions s set lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0), lease_ms = p_lease_ms
      where s.id = p_session_id returning 'renewed', s.lease_expires_at into outcome, lease_expires_at;
  else
    lease_expires_at := v.lease_expires_at;
    replaced_by := v.replaced_by;
  end if;
  return next;
end $$;

-- A lease that has longer to run than it was given for was given before the clock stepped back. How much of it had run is not known, so it begins
-- anew: a runner that is alive renews it as ever, and a dead one blocks its slot for one lease more. Any number of replicas may do this.
create function shorten_leases(p_limit integer) returns integer language plpgsql as $$
declare
  v_ids uuid[];
begin
  select coalesce(array_agg(long.id), '{}') into v_ids from (
    select s.id from processes p join sessions s on s.id = p.session_id
    where p.status = 'running' and s.lease_expires_at > clock_timestamp() + make_interval(secs => s.lease_ms / 1000.0)
    order by s.id limit p_limit for no key update of s skip locked) long;
  update sessions s set lease_expires_at = clock_timestamp() + make_interval(secs => s.lease_ms / 1000.0)
    where s.id = any (v_ids) and s.lease_expires_at > clock_timestamp() + make_interval(secs => s.lease_ms / 1000.0);
  return cardinality(v_ids);
end $$;

-- What happens to a session is not recorded as earlier than what happened to it before. Every change of it counts its version up. The conditions are
-- judged without a call of the function, so that this costs nothing while the clock runs forward.
create function keep_order_of_session() returns trigger language plpgsql as $$
begin
  if old.deleted_at is null and new.deleted_at is not null then new.deleted_at := greatest(new.deleted_at, old.updated_at); end if;
  if old.ended_at is null and new.ended_at is not null then new.ended_at := greatest(new.ended_at, old.updated_at); end if;
  new.updated_at := old.updated_at;
  return new;
end $$;
create trigger sessions_keep_order before update on sessions
  for each row when (new.updated_at < old.updated_at and new.version > old.version) execute function keep_order_of_session();

create function keep_order_of_process() returns trigger language plpgsql as $$
begin
  new.ended_at := new.started_at;
  return new;
end $$;
create trigger processes_keep_order before update on processes
  for each row when (old.ended_at is null and new.ended_at < new.started_at) execute function keep_order_of_process();
