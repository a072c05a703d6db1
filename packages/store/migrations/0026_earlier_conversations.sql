-- An agent may report one id and then another for the same process. Only the last one is on the process, so a session of another slot could take
-- the earlier conversation as its own, and a retry that named it found no process that made it.

-- A transaction that writes sessions for long would otherwise hold up this migration, and the migration every writer behind it. It is tried again.
set local lock_timeout = '2s';

-- The ids that a process reported before its present one. The event of each report keeps them as well, but is not found by an id.
create table earlier_conversations (
  agent_session_id text not null,
  process_id uuid not null,
  session_id uuid not null references sessions,
  -- As on processes: the agent no longer knows this conversation.
  invalidated boolean not null default false,
  -- Serves: which processes reported an id.
  primary key (agent_session_id, process_id)
);
-- Serves: the purge of a session, and the check of its foreign key.
create index earlier_conversations_by_session on earlier_conversations (session_id);

create trigger earlier_conversations_kept after delete on earlier_conversations referencing old table as gone
  for each statement execute function refuse_unarchived_parts();
create trigger earlier_conversations_not_truncated before truncate on earlier_conversations
  for each statement execute function refuse_truncate();

-- Only where 0024 was applied before this migration can events have kept such an id. No index finds them, so only the newest events are read: a
-- whole history would take minutes under the lock of this migration. An id that another session has by now is left out.
with told as (
  select distinct e.detail ->> 'agent_session_id' as id, p.id as process_id, p.session_id
  from (select * from session_events order by id desc limit 100000) e
  join processes p on p.id = (e.detail ->> 'process_id')::uuid and p.session_id = e.session_id
  where e.type in ('conversation-told', 'turn-finished') and e.detail ->> 'agent_session_id' <> p.agent_session_id)
insert into earlier_conversations (agent_session_id, process_id, session_id)
  select t.id, t.process_id, t.session_id from told t
  where not exists (select 1 from told o where o.id = t.id and o.session_id <> t.session_id)
    and not exists (select 1 from processes o where o.agent_session_id = t.id and o.session_id <> t.session_id)
    and not exists (select 1 from sessions o where o.taken_up = t.id and o.deleted_at is null and o.id <> t.session_id);

-- Under the lock of the session. A process that reports A, B and A again keeps both: the maker of A is the same either way.
create function keep_earlier_conversation(p_agent_session_id text, p_process_id uuid, p_session_id uuid) returns void language sql as $$
  insert into earlier_conversations (agent_session_id, process_id, session_id) values (p_agent_session_id, p_process_id, p_session_id)
    on conflict do nothing
$$;

-- The session in which the conversation of such an id began. A program of the previous release does not know it when it takes the conversation up.
create function origin_of_earlier(p_agent_session_id text) returns uuid language sql stable as $$
  select coalesce(o.conversation_of, o.id) from earlier_conversations e join sessions o on o.id = e.session_id
    where e.agent_session_id = p_agent_session_id order by o.created_at limit 1
$$;

-- As before; an id stays with the session whose process reported it, also after that process reported another one.
create or replace function demand_conversation(v sessions, p_agent_session_id text) returns void language plpgsql as $$
begin
  if v.agent_session_id = p_agent_session_id and v.deleted_at is null then return; end if;
  perform pg_advisory_xact_lock(hashtextextended(p_agent_session_id, 0));
  if v.taken_up is not distinct from p_agent_session_id then return; end if;
  if exists (select 1 from processes p where p.agent_session_id = p_agent_session_id and p.session_id <> v.id)
     or exists (select 1 from earlier_conversations e where e.agent_session_id = p_agent_session_id and e.session_id <> v.id)
     or exists (select 1 from sessions s where s.taken_up = p_agent_session_id and s.deleted_at is null and s.id <> v.id) then
    raise exception 'agent session id is taken' using errcode = 'PL004';
  end if;
end $$;

-- As before, and judged again for what was reported since the decision: every id that a process reported belongs to its session, and only a session
-- that left this slot gives its conversations up to the next one.
create or replace function take_up_conversation(v sessions, p_agent_session_id text) returns void language plpgsql as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(p_agent_session_id, 0));
  if exists (
    select 1 from sessions s where s.id <> v.id and s.deleted_at is null and (s.taken_up = p_agent_session_id or s.agent_session_id = p_agent_session_id))
     or exists (
    select 1 from (
      select p.session_id from processes p where p.agent_session_id = p_agent_session_id
      union all
      select e.session_id from earlier_conversations e where e.agent_session_id = p_agent_session_id) told
    join sessions o on o.id = told.session_id
    where o.id <> v.id
      and (o.deleted_at is null or (o.task_id, o.phase, o.mode, o.standalone) <> (v.task_id, v.phase, v.mode, v.standalone))) then
    raise exception 'agent session id is taken' using errcode = 'PL004';
  end if;
end $$;

-- As before, also for the ids that processes reported earlier.
create or replace function invalidate_conversation(v sessions, p_agent_session_id text) returns void language plpgsql as $$
begin
  update processes m set invalidated = true
    from sessions o
    where m.agent_session_id = p_agent_session_id and not m.invalidated and o.id = m.session_id
      and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.standalone = v.standalone;
  update earlier_conversations e set invalidated = true
    from sessions o
    where e.agent_session_id = p_agent_session_id and not e.invalidated and o.id = e.session_id
      and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.standalone = v.standalone;
end $$;

-- As before; the process that a retry goes back to is also found by an id that it reported earlier.
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
        conversation_of = case when p_takes_up then coalesce(p_conversation_of, origin_of_earlier(p_passed_session_id)) else s.conversation_of end,
        -- Null only in sessions from before it was stored.
        resolved_model = coalesce(s.resolved_model, case when s.model is not distinct from p_model then p_resolved_model end)
    where s.id = p_session_id returning s.lease_expires_at, s.version into lease_expires_at, session_version;

  -- A retry from an earlier step takes back what came after it: those turns are not part of the conversation any more.
  if p_pre_retry_session_id is not null then
    update processes p set dropped = true where p.session_id = p_session_id and p.seq > (
      select greatest(
        (select max(m.seq) from processes m where m.session_id = p_session_id and m.agent_session_id = p_pre_retry_session_id),
        (select max(m.seq) from earlier_conversations e join processes m on m.id = e.process_id
           where e.agent_session_id = p_pre_retry_session_id and e.session_id = p_session_id)));
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

-- As before, and keeps the id that another one overwrites.
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
          and o.task_id = v.task_id and o.phase = v.phase and o.mode = v.mode and o.standalone = v.standalone)
      or exists (
        select 1 from earlier_conversations e join sessions o on o.id = e.session_id
        where e.agent_session_id = p.passed_session_id and not e.invalidated
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

  if v_id is not null and p.agent_session_id is not null then perform keep_earlier_conversation(p.agent_session_id, p_process_id, p_session_id); end if;
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

-- As before, and keeps the id that another one overwrites.
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
    if p.agent_session_id is not null then perform keep_earlier_conversation(p.agent_session_id, p_process_id, p_session_id); end if;
    update processes x set agent_session_id = p_agent_session_id where x.id = p_process_id;
    update sessions s set agent_session_id = p_agent_session_id, version = s.version + 1, updated_at = clock_timestamp() where s.id = p_session_id
      returning s.updated_at into v.updated_at;
    insert into session_events (task_id, phase, mode, session_id, type, reason, generation, detail, at)
      values (v.task_id, v.phase, v.mode, p_session_id, 'conversation-told', null, p_generation,
              jsonb_build_object('process_id', p_process_id, 'agent_session_id', p_agent_session_id), v.updated_at);
  end if;
  return next;
end $$;

-- As before, with the ids that the processes of the session reported earlier.
create or replace function purge_proven(p_store uuid, p_token uuid, p_proofs jsonb) returns table (session_id uuid, outcome text) language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz;
  v_ids uuid[];
  v_changed uuid[];
begin
  perform 1 from archive_store k where k.id = p_store and k.laid_at is not null for share;
  if not found then return; end if;
  perform 1 from sessions s where s.id in (select p.session_id from jsonb_to_recordset(p_proofs) as p(session_id uuid)) order by s.id for update;
  v_at := clock_timestamp();
  select coalesce(array_agg(a.session_id), '{}') into v_ids
    from jsonb_to_recordset(p_proofs) as p(session_id uuid, session_version integer, object_key text, object_version text, sha256 text, bytes bigint)
    join archives a on a.session_id = p.session_id and a.session_version = p.session_version and a.object_key = p.object_key
      and a.object_version is not distinct from p.object_version and a.sha256 = decode(p.sha256, 'hex') and a.bytes = p.bytes
      and a.verified_at is not null and a.purged_at is null
    join archive_claims c on c.session_id = a.session_id and c.token = p_token and c.leased_until > v_at
    join sessions s on s.id = a.session_id and s.archived_at is not null;

  select coalesce(array_agg(s.id), '{}') into v_changed
    from sessions s join archives a on a.session_id = s.id cross join lateral count_parts(s.id, s.task_id) n
    where s.id = any (v_ids)
      and (s.version <> a.session_version or n.running or s.deleted_at is null
           or (n.processes, n.events, n.logs, n.feedback) <> (a.process_count::bigint, a.event_count::bigint, a.log_count, a.feedback_count::bigint));
  update sessions s set archived_at = null where s.id = any (v_changed);
  delete from archive_claims c where c.session_id = any (v_ids) and c.token = p_token;
  v_ids := array(select unnest(v_ids) except select unnest(v_changed));

  -- Its parts by name, not by cascade: a late one aborts the purge instead of being swept along.
  delete from session_logs l where l.session_id = any (v_ids);
  delete from feedback f where f.session_id = any (v_ids);
  delete from earlier_conversations e where e.session_id = any (v_ids);
  delete from processes p where p.session_id = any (v_ids);
  delete from sessions s where s.id = any (v_ids);
  update archives a set purged_at = v_at where a.session_id = any (v_ids);
  return query select unnest(v_ids), 'purged'::text union all select unnest(v_changed), 'changed'::text;
end $$;
