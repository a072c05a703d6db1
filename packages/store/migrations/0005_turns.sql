-- Starts a process in a session. Compare-and-set on the session's version: the decision read its history, and the history must still be
-- that. The lease is judged again here, under the row lock, by the database's clock.
create function begin_turn(
  p_session_id uuid, p_generation bigint, p_seen_version integer, p_attempt_id uuid, p_process_id uuid,
  p_action text, p_reason text, p_passed_session_id text, p_pre_retry_session_id text, p_skip_context boolean,
  p_agent text, p_variant text, p_model text, p_parameters jsonb, p_lease_ms integer, p_actor text
) returns table (outcome text, seq integer, lease_expires_at timestamptz, session_version integer) language plpgsql as $$
declare
  v_at timestamptz := clock_timestamp();
  v sessions;
begin
  update sessions s
    set status = 'running', lease_expires_at = v_at + make_interval(secs => p_lease_ms / 1000.0), version = s.version + 1,
        updated_at = v_at, ended_at = null
    where s.id = p_session_id and s.generation = p_generation and s.deleted_at is null and s.version = p_seen_version
      and (s.lease_expires_at is null or s.lease_expires_at <= clock_timestamp())
    returning * into v;
  if not found then
    return query select 'moved'::text, null::integer, null::timestamptz, null::integer;
    return;
  end if;

  -- The handover barrier, judged after every lock is won: a process of a replaced session of this slot may still be alive.
  if v.guarded and exists (
    select 1 from sessions o
    where not o.standalone and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.deleted_at is not null
      and o.lease_expires_at > clock_timestamp()
  ) then
    raise exception 'a replaced process of this slot is still stopping' using errcode = 'PL005';
  end if;

  -- Nobody renewed its lease: whatever ran here is lost, and may not count as running beside the new process.
  -- Only the newest can be running: every one before it was ended, or lost here.
  update processes p set status = 'lost', ended_at = v_at
    where p.status = 'running' and p.id = (select n.id from processes n where n.session_id = p_session_id order by n.seq desc limit 1);

  -- Grows within the attempt and within the session too: a session that another attempt takes up keeps its order.
  update attempts a
    set last_seq = 1 + greatest(a.last_seq, (select max(p.seq) from processes p where p.session_id = p_session_id))
    where a.id = p_attempt_id and a.task_id = v.task_id returning a.last_seq into seq;
  if not found then
    raise exception 'the attempt does not exist or belongs to another task' using errcode = 'PL003';
  end if;

  -- A retry from an earlier step takes back what came after it: those turns are not part of the conversation any more.
  if p_pre_retry_session_id is not null then
    update processes p set dropped = true where p.session_id = p_session_id and p.seq > (
      select max(m.seq) from processes m where m.session_id = p_session_id and m.agent_session_id = p_pre_retry_session_id);
  end if;

  insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, passed_session_id, pre_retry_session_id,
                         skip_context, agent, variant, model, parameters, generation, status, started_at)
    values (p_process_id, v.task_id, p_attempt_id, p_session_id, seq, p_action, p_reason, p_passed_session_id,
            p_pre_retry_session_id, p_skip_context, p_agent, p_variant, p_model, p_parameters, p_generation, 'running', v_at);
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, detail, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'turn-started', p_reason, p_generation, p_actor,
            jsonb_build_object('process_id', p_process_id, 'seq', seq), v_at);
  return query select 'started'::text, seq, v.lease_expires_at, v.version;
end $$;

-- The session an agent's conversation belongs to. One row tells: no id is taken that another session has, so all its rows are of one session,
-- and an agent that keeps its id has as many of them as turns.
create function owner_of_agent_session(p_agent_session_id text) returns uuid language plpgsql stable as $$
begin
  return (select p.session_id from processes p where p.agent_session_id = p_agent_session_id limit 1);
end $$;

-- Ends a process. Accepted from a replaced runner too: that is how it says it stopped, and its usage is its session's own. What a
-- replaced session may not do is change the conversation of a live one, and nothing here touches another session.
create function finish_turn(
  p_session_id uuid, p_generation bigint, p_process_id uuid, p_ending text, p_from text[], p_exit_code integer,
  p_agent_session_id text, p_lost_agent_session boolean, p_actor text
) returns table (outcome text, session_version integer, session_deleted boolean) language plpgsql as $$
declare
  v_at timestamptz := clock_timestamp();
  v sessions;
  v_was text;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then return query select 'session-not-found'::text, null::integer, null::boolean; return; end if;
  if v.generation <> p_generation then return query select 'stale'::text, null::integer, null::boolean; return; end if;
  select p.status into v_was from processes p where p.id = p_process_id and p.session_id = p_session_id;
  if not found then return query select 'process-not-found'::text, null::integer, null::boolean; return; end if;
  -- Told twice, after an answer that was lost: it ended as it says, and nothing is written again.
  if v_was = p_ending then return query select 'finished'::text, v.version, v.deleted_at is not null; return; end if;
  if not v_was = any (p_from) then return query select 'illegal-transition'::text, null::integer, null::boolean; return; end if;
  if p_agent_session_id is not null and p_session_id <> owner_of_agent_session(p_agent_session_id) then
    raise exception 'agent session id is taken' using errcode = 'PL004';
  end if;

  update processes p
    set status = p_ending, ended_at = v_at, exit_code = p_exit_code, agent_session_id = coalesce(p_agent_session_id, p.agent_session_id)
    where p.id = p_process_id;
  if p_lost_agent_session then
    -- The agent no longer knows the conversation that was passed: whoever made that id, it can't be resumed again.
    update processes p set invalidated = true
      from processes me where me.id = p_process_id and p.session_id = p_session_id and p.agent_session_id = me.passed_session_id;
  end if;

  -- Only the process that holds the lease gives it back: a lost one that comes home late must not free its successor's.
  update sessions s
    set version = s.version + 1, updated_at = v_at,
        agent_session_id = coalesce(p_agent_session_id, s.agent_session_id),
        lease_expires_at = case when v_was = 'running' then null else s.lease_expires_at end,
        status = case when v_was <> 'running' or s.status <> 'running' then s.status
                      when s.deleted_at is not null then 'stopped' else 'ready' end
    where s.id = p_session_id returning s.version into session_version;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, detail, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'turn-finished', p_ending, p_generation, p_actor,
            jsonb_build_object('process_id', p_process_id), v_at);
  return query select 'finished'::text, session_version, v.deleted_at is not null;
end $$;

-- The agent's id as soon as it reports one: a crash later in the turn must not lose it.
create function report_agent_session(p_session_id uuid, p_generation bigint, p_process_id uuid, p_agent_session_id text)
returns text language plpgsql as $$
declare
  v sessions;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then return 'session-not-found'; end if;
  if v.generation <> p_generation or v.deleted_at is not null then return 'stale'; end if;
  if p_session_id <> owner_of_agent_session(p_agent_session_id) then
    raise exception 'agent session id is taken' using errcode = 'PL004';
  end if;
  update processes p set agent_session_id = p_agent_session_id
    where p.id = p_process_id and p.session_id = p_session_id and p.status = 'running';
  if not found then return 'process-not-found'; end if;
  update sessions s set agent_session_id = p_agent_session_id, version = s.version + 1, updated_at = clock_timestamp() where s.id = p_session_id;
  return 'reported';
end $$;

-- Renews the lease. FOR NO KEY UPDATE by the update itself; only the lease changes, so the row stays heap-only.
create function heartbeat(p_session_id uuid, p_generation bigint, p_process_id uuid, p_lease_ms integer)
returns table (outcome text, lease_expires_at timestamptz, replaced_by uuid) language plpgsql as $$
begin
  update sessions s set lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
    where s.id = p_session_id and s.generation = p_generation and s.deleted_at is null and s.status = 'running'
      and exists (select 1 from processes p where p.id = p_process_id and p.session_id = p_session_id and p.status = 'running')
    returning 'renewed', s.lease_expires_at, null::uuid into outcome, lease_expires_at, replaced_by;
  if found then return next; return; end if;

  select case when s.generation <> p_generation then 'stale' when s.deleted_at is not null then 'replaced' else 'not-running' end,
         s.lease_expires_at, s.replaced_by
    into outcome, lease_expires_at, replaced_by from sessions s where s.id = p_session_id;
  if not found then outcome := 'session-not-found'; end if;
  return next;
end $$;

-- FOR SHARE makes the fence strict: a replacement waits for an append in flight, and an append that waited for a replacement sees it.
create function append_logs(
  p_session_id uuid, p_generation bigint, p_process_id uuid, p_kinds text[], p_lines text[]
) returns text language plpgsql as $$
begin
  perform 1 from sessions s where s.id = p_session_id and s.generation = p_generation and s.deleted_at is null for share;
  if not found then
    return case when exists (select 1 from sessions s where s.id = p_session_id) then 'stale' else 'session-not-found' end;
  end if;
  if not exists (select 1 from processes p where p.id = p_process_id and p.session_id = p_session_id) then return 'process-not-found'; end if;
  insert into session_logs (session_id, process_id, kind, line)
    select p_session_id, p_process_id, kind, line from unnest(p_kinds, p_lines) with ordinality as t(kind, line, n) order by n;
  return 'appended';
end $$;

-- Totals of a process, absolute: saying the same thing twice books it once. The session's own totals follow by the difference.
create function record_usage(
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
        updated_at = clock_timestamp()
    where s.id = p_session_id;
  return 'recorded';
end $$;

-- Closes a session that keeps its slot: the same model may take it up again.
create function close_session(p_session_id uuid, p_generation bigint, p_status text, p_from text[], p_actor text)
returns table (outcome text, session_version integer) language plpgsql as $$
declare
  v sessions;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then return query select 'session-not-found'::text, null::integer; return; end if;
  if v.generation <> p_generation or v.deleted_at is not null then return query select 'stale'::text, null::integer; return; end if;
  if not v.status = any (p_from) then return query select 'illegal-transition'::text, v.version; return; end if;
  update sessions s set status = p_status, ended_at = clock_timestamp(), updated_at = clock_timestamp(), version = s.version + 1
    where s.id = p_session_id returning s.version into session_version;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'closed', p_status, p_generation, p_actor, clock_timestamp());
  return query select 'closed'::text, session_version;
end $$;
