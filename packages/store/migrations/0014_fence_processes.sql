-- The fence of each process within its session: one whose lease lapsed may come home late, and must not write into what its successor goes on
-- with. Everywhere the session's row is locked first and the process judged afterwards, by a statement of its own: READ COMMITTED checks again
-- only the row that was waited for, never another one that the same statement looked at before the wait.

-- Built here, and not with the columns: building an index lets readers through, adding a column does not.
-- Serves: which live session has taken a conversation up.
create unique index sessions_taken_up on sessions (taken_up) where taken_up is not null and deleted_at is null;
-- Serves: the sessions of a milestone.
create index sessions_by_milestone on sessions (milestone_id, id) where milestone_id is not null;

-- Serves: an agent's conversation belongs to one live session.
create unique index sessions_agent_session_live on sessions (agent_session_id) where agent_session_id is not null and deleted_at is null;

-- Serves: the processes whose lease may have lapsed. Few rows, whatever the size of the table.
create index processes_running on processes (session_id) where status = 'running';

-- Where a process stands, for a caller that holds its session's row.
create function process_standing(p_deleted boolean, p processes) returns text language plpgsql stable as $$
begin
  if exists (select 1 from processes n where n.session_id = p.session_id and n.seq > p.seq) then return 'superseded'; end if;
  if p_deleted then return 'replaced'; end if;
  return case p.status when 'running' then 'at-work' when 'lost' then 'lost' else 'ended' end;
end $$;

-- An id belongs to the session that told it first, or to the one that took its conversation up. The lock on the id makes two sessions that tell one
-- id at the same time ask one after the other.
create function demand_conversation(v sessions, p_agent_session_id text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_agent_session_id, 0));
  if v.taken_up is not distinct from p_agent_session_id then return; end if;
  if exists (select 1 from processes p where p.agent_session_id = p_agent_session_id and p.session_id <> v.id)
     or exists (select 1 from sessions s where s.taken_up = p_agent_session_id and s.deleted_at is null and s.id <> v.id) then
    raise exception 'agent session id is taken' using errcode = 'PL004';
  end if;
end $$;

-- A conversation goes on in one live session, whether anything is recorded of it or not.
create function take_up_conversation(v sessions, p_agent_session_id text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_agent_session_id, 0));
  if exists (
    select 1 from sessions s where s.id <> v.id and s.deleted_at is null and (s.taken_up = p_agent_session_id or s.agent_session_id = p_agent_session_id)) then
    raise exception 'agent session id is taken' using errcode = 'PL004';
  end if;
end $$;

-- Totals of a process, absolute, under the lock of its session: saying the same thing twice books it once, and a late report of less takes nothing
-- away. The session's totals follow by the difference. True when something changed.
create function book_usage(p_session_id uuid, was processes, p_input bigint, p_output bigint, p_turns bigint, p_cost bigint)
returns boolean language plpgsql as $$
declare
  -- The largest whole number JSON carries exactly.
  v_most constant bigint := 9007199254740991;
begin
  if p_input <= was.input_tokens and p_output <= was.output_tokens and p_turns <= was.turns and p_cost <= was.cost_usd_micros then
    return false;
  end if;
  update processes set input_tokens = greatest(input_tokens, p_input), output_tokens = greatest(output_tokens, p_output),
      turns = greatest(turns, p_turns), cost_usd_micros = greatest(cost_usd_micros, p_cost)
    where id = was.id;
  update sessions s
    set input_tokens = least(v_most, s.input_tokens + greatest(0, p_input - was.input_tokens)),
        output_tokens = least(v_most, s.output_tokens + greatest(0, p_output - was.output_tokens)),
        turns = least(v_most, s.turns + greatest(0, p_turns - was.turns)),
        cost_usd_micros = least(v_most, s.cost_usd_micros + greatest(0, p_cost - was.cost_usd_micros))
    where s.id = p_session_id;
  return true;
end $$;

-- A conversation that was taken up again has processes in several sessions of its slot.
create function invalidate_conversation(v sessions, p_agent_session_id text) returns void language plpgsql as $$
begin
  update processes m set invalidated = true
    from sessions o
    where m.agent_session_id = p_agent_session_id and not m.invalidated and o.id = m.session_id
      and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.standalone = v.standalone;
end $$;

create function begin_turn(
  p_session_id uuid, p_generation bigint, p_seen_version integer, p_attempt_id uuid, p_process_id uuid,
  p_action text, p_reason text, p_passed_session_id text, p_pre_retry_session_id text, p_skip_context boolean,
  p_agent text, p_variant text, p_model text, p_resolved_model text, p_parameters jsonb,
  p_takes_up boolean, p_conversation_of uuid, p_lost_session_id text, p_change jsonb, p_lease_ms integer, p_actor text
) returns table (outcome text, seq integer, lease_expires_at timestamptz, session_version integer, lost boolean) language plpgsql as $$
declare
  v_at timestamptz;
  v sessions;
  v_lost processes;
begin
  -- Compare-and-set on the version: the decision read the history, and the history must still be that.
  select * into v from sessions s where s.id = p_session_id for no key update;
  v_at := clock_timestamp();
  if not found or v.generation <> p_generation or v.deleted_at is not null or v.version <> p_seen_version or v.lease_expires_at > v_at then
    return query select 'moved'::text, null::integer, null::timestamptz, null::integer, null::boolean;
    return;
  end if;

  -- The handover barrier, judged after every lock is won: a process of a replaced session of this slot may still be alive.
  if v.guarded and exists (
    select 1 from sessions o
    where not o.standalone and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.deleted_at is not null
      and o.lease_expires_at > v_at
  ) then
    raise exception 'a replaced process of this slot is still stopping' using errcode = 'PL005';
  end if;
  -- Read anew: it begins after everything that was waited for has ended.
  v_at := clock_timestamp();

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
    set status = 'running', lease_expires_at = v_at + make_interval(secs => p_lease_ms / 1000.0), version = s.version + 1, updated_at = v_at,
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

-- For programs of the version before.
create or replace function begin_turn(
  p_session_id uuid, p_generation bigint, p_seen_version integer, p_attempt_id uuid, p_process_id uuid,
  p_action text, p_reason text, p_passed_session_id text, p_pre_retry_session_id text, p_skip_context boolean,
  p_agent text, p_variant text, p_model text, p_parameters jsonb, p_lease_ms integer, p_actor text
) returns table (outcome text, seq integer, lease_expires_at timestamptz, session_version integer) language sql as $$
  select outcome, seq, lease_expires_at, session_version
  from begin_turn(p_session_id, p_generation, p_seen_version, p_attempt_id, p_process_id, p_action, p_reason, p_passed_session_id,
                  p_pre_retry_session_id, p_skip_context, p_agent, p_variant, p_model, null::text, p_parameters, false, null::uuid, null::text, null::jsonb,
                  p_lease_ms, p_actor)
$$;

-- Ends a process. What it may tell with its ending is decided elsewhere and handed in as standings; a refusal leaves nothing written.
create function finish_turn(
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
  p processes;
  v_id text;
  v_invalidates boolean;
  v_booked boolean := false;
  v_temporary boolean;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then outcome := 'session-not-found'; return next; return; end if;
  v_at := clock_timestamp();
  if v.generation <> p_generation then outcome := 'stale'; return next; return; end if;
  select * into p from processes x where x.id = p_process_id and x.session_id = p_session_id;
  if not found then outcome := 'process-not-found'; return next; return; end if;
  standing := process_standing(v.deleted_at is not null, p);

  -- Only what is new: the same said twice, after an answer that was lost, is no reason to refuse it.
  v_id := case when p_agent_session_id is distinct from p.agent_session_id then p_agent_session_id end;
  v_invalidates := p_lost_agent_session and (
    -- A conversation that was taken up may have no maker on record: then the process it was passed to remembers that it is lost.
    (p.passed_session_id is not distinct from v.taken_up and p.passed_session_id is not null and not p.invalidated)
    or exists (
      select 1 from processes m join sessions o on o.id = m.session_id
      where m.agent_session_id = p.passed_session_id and not m.invalidated
        and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.standalone = v.standalone));
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

  if p_input is not null then v_booked := book_usage(p_session_id, p, p_input, p_output, p_turns, p_cost); end if;
  outcome := 'finished';
  task_id := v.task_id;
  phase := v.phase;
  mode := v.mode;
  session_status := v.status;
  session_deleted := v.deleted_at is not null;
  ended := p.status <> p_ending;
  session_ended := false;
  if not ended then
    update sessions s set version = s.version + 1, updated_at = v_at where s.id = p_session_id and v_booked returning s.version into session_version;
    session_version := coalesce(session_version, v.version);
    return next;
    return;
  end if;

  -- A lost process ended when its lease lapsed, whatever it says now about how. So did one of a replaced session: its successor began then.
  update processes x
    set status = p_ending,
        ended_at = coalesce(x.ended_at, case when v.deleted_at is not null then greatest(x.started_at, least(v.lease_expires_at, v_at)) else v_at end),
        invalidated = x.invalidated or coalesce(v_invalidates and x.passed_session_id = v.taken_up and coalesce(v_id, x.agent_session_id) is null, false),
        exit_code = p_exit_code, agent_session_id = coalesce(v_id, x.agent_session_id)
    where x.id = p_process_id;
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
        lease_expires_at = case when p.status = 'running' then null else s.lease_expires_at end,
        ended_at = case when v_temporary then coalesce(s.ended_at, v_at) else s.ended_at end,
        status = case when v_temporary then case p_ending when 'completed' then 'completed' when 'killed' then 'stopped' else 'failed' end
                      when p.status <> 'running' or s.status <> 'running' then s.status
                      when s.deleted_at is not null then 'stopped' else 'ready' end
    where s.id = p_session_id returning s.version, s.status into session_version, session_status;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, detail, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'turn-finished', p_ending, p_generation, p_actor,
            jsonb_build_object('process_id', p_process_id), v_at);
  return next;
end $$;

-- For programs of the version before, with the standings they know nothing of.
create or replace function finish_turn(
  p_session_id uuid, p_generation bigint, p_process_id uuid, p_ending text, p_from text[], p_exit_code integer,
  p_agent_session_id text, p_lost_agent_session boolean, p_actor text
) returns table (outcome text, session_version integer, session_deleted boolean) language sql as $$
  select case outcome when 'refused' then 'stale' else outcome end, session_version, session_deleted
  from finish_turn(p_session_id, p_generation, p_process_id, p_ending, p_from, p_exit_code, p_agent_session_id, p_lost_agent_session,
                   '{at-work}', '{replaced}', null::bigint, null::bigint, null::bigint, null::bigint, p_actor)
$$;

-- The agent's id as soon as it reports one: a crash later in the turn must not lose it.
create function report_agent_session(p_session_id uuid, p_generation bigint, p_process_id uuid, p_agent_session_id text, p_taken text[])
returns table (outcome text, standing text) language plpgsql as $$
declare
  v sessions;
  p processes;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then outcome := 'session-not-found'; return next; return; end if;
  if v.generation <> p_generation then outcome := 'stale'; return next; return; end if;
  select * into p from processes x where x.id = p_process_id and x.session_id = p_session_id;
  if not found then outcome := 'process-not-found'; return next; return; end if;
  standing := process_standing(v.deleted_at is not null, p);
  if not standing = any (p_taken) then outcome := 'refused'; return next; return; end if;
  outcome := 'reported';
  if p.agent_session_id is distinct from p_agent_session_id then
    perform demand_conversation(v, p_agent_session_id);
    update processes x set agent_session_id = p_agent_session_id where x.id = p_process_id;
    update sessions s set agent_session_id = p_agent_session_id, version = s.version + 1, updated_at = clock_timestamp() where s.id = p_session_id;
  end if;
  return next;
end $$;

create or replace function report_agent_session(p_session_id uuid, p_generation bigint, p_process_id uuid, p_agent_session_id text)
returns text language sql as $$
  select case outcome when 'refused' then 'stale' else outcome end
  from report_agent_session(p_session_id, p_generation, p_process_id, p_agent_session_id, '{at-work}')
$$;
drop function owner_of_agent_session(text);

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
    update sessions s set lease_expires_at = clock_timestamp() + make_interval(secs => p_lease_ms / 1000.0)
      where s.id = p_session_id returning 'renewed', s.lease_expires_at into outcome, lease_expires_at;
  else
    lease_expires_at := v.lease_expires_at;
    replaced_by := v.replaced_by;
  end if;
  return next;
end $$;

-- FOR SHARE makes the fence strict: a replacement and a next turn wait for an append in flight, and an append that waited for them sees them. Its
-- key, if it has one, is written with the lines: a repeated append adds none.
create function append_logs(
  p_session_id uuid, p_generation bigint, p_process_id uuid, p_kinds text[], p_lines text[], p_taken text[],
  p_idempotency_scope text, p_idempotency_key text, p_request_hash text, p_response jsonb
) returns table (outcome text, standing text) language plpgsql as $$
declare
  v sessions;
  p processes;
begin
  select * into v from sessions s where s.id = p_session_id for share;
  if not found then outcome := 'session-not-found'; return next; return; end if;
  if v.generation <> p_generation then outcome := 'stale'; return next; return; end if;
  select * into p from processes x where x.id = p_process_id and x.session_id = p_session_id;
  if not found then outcome := 'process-not-found'; return next; return; end if;
  standing := process_standing(v.deleted_at is not null, p);
  if not standing = any (p_taken) then outcome := 'refused'; return next; return; end if;
  insert into session_logs (session_id, process_id, kind, line)
    select p_session_id, p_process_id, kind, line from unnest(p_kinds, p_lines) with ordinality as t(kind, line, n) order by n;
  if p_idempotency_key is not null then
    perform take_idempotency_key(p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;
  outcome := 'appended';
  return next;
end $$;

create or replace function append_logs(p_session_id uuid, p_generation bigint, p_process_id uuid, p_kinds text[], p_lines text[])
returns text language sql as $$
  select case outcome when 'refused' then 'stale' else outcome end
  from append_logs(p_session_id, p_generation, p_process_id, p_kinds, p_lines, '{at-work,ended}', null::text, null::text, null::text, null::jsonb)
$$;

create function record_usage(
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
    update sessions s set version = s.version + 1, updated_at = clock_timestamp() where s.id = p_session_id;
  end if;
  outcome := 'recorded';
  return next;
end $$;

create or replace function record_usage(
  p_session_id uuid, p_process_id uuid, p_input bigint, p_output bigint, p_turns bigint, p_cost bigint
) returns text language sql as $$
  select case outcome when 'refused' then 'recorded' else outcome end
  from record_usage(p_session_id, p_process_id, p_input, p_output, p_turns, p_cost, '{at-work,ended,lost,replaced}')
$$;

-- Processes whose lease lapsed before they said how they ended, as many replicas as there may be: SKIP LOCKED gives each session to one of them.
-- They ended when their lease did. What a live session becomes is handed in.
create function mark_lapsed(p_limit integer, p_live_status text)
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
        returning p.id, p.seq, p.session_id, s.ended_at is not null as was_ended
    ), marked as (
      update sessions s
        set version = s.version + 1, updated_at = v_at, lease_expires_at = null,
            ended_at = case when s.standalone and s.milestone_id is null then coalesce(s.ended_at, v_at) else s.ended_at end,
            status = case when s.status <> 'running' then s.status
                          when s.standalone and s.milestone_id is null then 'failed'
                          when s.deleted_at is not null then 'stopped' else p_live_status end
        from lost where s.id = lost.session_id
        returning s.id, s.task_id, s.phase, s.mode, s.generation, lost.id as process_id, lost.seq, s.status,
                  s.standalone and s.milestone_id is null and not lost.was_ended as temporary_ended
    ), told as (
      insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
        select m.task_id, m.phase, m.mode, m.id, 'turn-lost', 'lost', m.generation,
               jsonb_build_object('process_id', m.process_id, 'seq', m.seq), v_at from marked m
    )
    select m.id, m.task_id, m.phase, m.mode, m.generation, m.process_id, m.status, m.temporary_ended from marked m;
end $$;

-- As before, but what is found lost here ended when its lease did.
create or replace function claim_for_archive(p_token uuid, p_limit integer, p_lease_seconds integer, p_min_age_seconds double precision)
returns table (session_id uuid, task_id uuid, failures smallint) language plpgsql as $$
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
        and (c.session_id is null or c.dead_at is null and c.due_at <= v_at and (c.leased_until is null or c.leased_until <= v_at))
      order by s.deleted_at, s.id limit p_limit for update of s skip locked) due;
    exit when cardinality(v_ids) = 0;

    return query
      insert into archive_claims as c (session_id, task_id, token, leased_until)
        select s.id, s.task_id, p_token, v_at + make_interval(secs => p_lease_seconds) from sessions s where s.id = any (v_ids)
      on conflict (session_id) do update set token = excluded.token, leased_until = excluded.leased_until
        -- Judged again on the row itself: another worker may have claimed it since it was looked at.
        where c.dead_at is null and c.due_at <= v_at and (c.leased_until is null or c.leased_until <= v_at)
      returning c.session_id, c.task_id, c.failures;
    -- All of them were claimed by another worker in between: it is looked again, or the others would be left lying.
    exit when found;
  end loop;

  -- The lease of what still counts as running was not renewed: it is lost, and will not be written to any more.
  with lost as (
    update processes p set status = 'lost', ended_at = greatest(p.started_at, least(coalesce(s.lease_expires_at, v_at), v_at))
    from archive_claims c join sessions s on s.id = c.session_id
    where c.token = p_token and p.session_id = c.session_id and p.session_id = any (v_ids) and p.status = 'running' returning p.session_id)
  update sessions s
    set version = s.version + 1, updated_at = v_at, lease_expires_at = null, status = case when s.status = 'running' then 'stopped' else s.status end
    where s.id in (select session_id from lost);
end $$;

-- Closes a session that keeps its slot: the same model may take it up again. As before, and tells its slot.
drop function close_session(uuid, bigint, text, text[], text);
create function close_session(p_session_id uuid, p_generation bigint, p_status text, p_from text[], p_actor text)
returns table (outcome text, session_version integer, task_id uuid, phase text, mode text, temporary boolean) language plpgsql as $$
#variable_conflict use_column
declare
  v sessions;
begin
  select * into v from sessions s where s.id = p_session_id for no key update;
  if not found then outcome := 'session-not-found'; return next; return; end if;
  if v.generation <> p_generation or v.deleted_at is not null then outcome := 'stale'; return next; return; end if;
  if not v.status = any (p_from) then outcome := 'illegal-transition'; session_version := v.version; return next; return; end if;
  update sessions s set status = p_status, ended_at = clock_timestamp(), updated_at = clock_timestamp(), version = s.version + 1
    where s.id = p_session_id returning s.version into session_version;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, actor, at)
    values (v.task_id, v.phase, v.mode, p_session_id, 'closed', p_status, p_generation, p_actor, clock_timestamp());
  outcome := 'closed';
  temporary := v.standalone and v.milestone_id is null;
  task_id := v.task_id;
  phase := v.phase;
  mode := v.mode;
  return next;
end $$;

-- An earlier conversation goes on in a session of its own, so its id may be that of a session that has left: only among live ones it is one's own.
-- Last, because it keeps readers out until the migration ends.
drop index sessions_agent_session;
alter index sessions_agent_session_live rename to sessions_agent_session;
