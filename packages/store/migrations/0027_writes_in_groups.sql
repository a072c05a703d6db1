-- Writes that arrive at the same time travel in one statement. Each function here takes the calls of another function as a JSON array, locks their
-- rows without waiting, and returns a row for each call that it has carried out. A call without a row is sent alone: its rows are locked by another
-- transaction, or its outcome needs a reason that only the function for one call gives.

-- Renews leases, as `heartbeat`.
create function heartbeats(p_items json) returns table (place integer, outcome text, lease_expires_at timestamptz, replaced_by uuid)
language plpgsql as $$
declare
  v_locked uuid[];
begin
  -- One that is held by another transaction would keep all the others from their leases.
  select array_agg(l.id) into v_locked from (
    select s.id from json_to_recordset(p_items) as i(session_id uuid) join sessions s on s.id = i.session_id
      order by s.id for no key update of s skip locked) l;
  -- By a statement of its own, after the locks: it sees every ending that was committed before them.
  return query
    update sessions s set lease_expires_at = clock_timestamp() + make_interval(secs => i.lease_ms / 1000.0), lease_ms = i.lease_ms
      from json_to_recordset(p_items) as i(place integer, session_id uuid, generation bigint, process_id uuid, lease_ms integer)
      where s.id = i.session_id and s.id = any (v_locked) and s.generation = i.generation and s.deleted_at is null and s.status = 'running'
        and exists (select 1 from processes p where p.id = i.process_id and p.session_id = i.session_id and p.status = 'running')
      returning i.place, 'renewed'::text, s.lease_expires_at, null::uuid;
end $$;

create type session_to_open as (
  place integer, task_id uuid, phase text, mode text, seen_generation bigint, seen_live uuid, seen_legacy uuid,
  session_id uuid, agent text, variant text, model text, resolved_model text, parameters text, milestone_id text,
  created_by text, reason text, handoff text, key_scope text, key text, request_hash text, response text
);

-- Opens sessions, as `open_session`. A slot with legacy sessions is left out: they are collapsed by the function for one.
create function open_sessions_at_once(p_items json)
returns table (place integer, outcome text, generation bigint, slot_version bigint, collapsed integer) language plpgsql as $$
declare
  v_items session_to_open[];
  v_ended uuid[];
  v_count integer;
  v_at timestamptz;
begin
  select array_agg(i order by i.task_id, i.phase, i.mode) into v_items
    from json_populate_recordset(null::session_to_open, p_items) i where i.seen_legacy is null;

  -- A first slot of its name has no row to lock. One of an unknown task is left out.
  insert into slots (task_id, phase, mode)
    select i.task_id, i.phase, i.mode from unnest(v_items) i join tasks t on t.id = i.task_id where i.seen_generation = 0
    order by i.task_id, i.phase, i.mode on conflict do nothing;

  select array_agg(locked.item) into v_items from (
    select i as item from slots s join unnest(v_items) i on (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode)
      order by s.task_id, s.phase, s.mode for no key update of s skip locked) locked;
  select array_agg(l.id) into v_ended from (
    select s.id from unnest(v_items) i join sessions s on s.id = i.seen_live order by s.id for no key update of s skip locked) l;
  v_at := clock_timestamp();

  -- From here on by statements of their own, after all locks.
  return query
    select i.place, 'moved'::text, null::bigint, null::bigint, null::integer
      from unnest(v_items) i join slots s on (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode)
      where s.generation <> i.seen_generation or s.live_session_id is distinct from i.seen_live;
  with won as (
    update slots s set generation = s.generation + 1, version = s.version + 1, live_session_id = i.session_id
      from unnest(v_items) i
      where (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode)
        and s.generation = i.seen_generation and s.live_session_id is not distinct from i.seen_live
        and (i.seen_live = any (v_ended) or i.seen_live is null and not exists (
          select 1 from sessions l where l.task_id = i.task_id and l.phase = i.phase and l.mode = i.mode
            and l.deleted_at is null and not l.guarded and not l.standalone))
      returning i as item, s.version)
  select array_agg(won.item), coalesce(array_agg((won.item).seen_live) filter (where (won.item).seen_live is not null), '{}') into v_items, v_ended from won;
  if v_items is null then return; end if;

  update sessions s set deleted_at = v_at, deleted_reason = i.reason, replaced_by = i.session_id, version = s.version + 1, updated_at = v_at
    from unnest(v_items) i where s.id = i.seen_live and s.deleted_at is null;
  get diagnostics v_count = row_count;
  if v_count <> cardinality(v_ended) then
    raise exception 'slot names a live session that is not live' using errcode = 'PL001';
  end if;

  insert into sessions (id, task_id, phase, mode, agent, variant, model, resolved_model, parameters, status, generation, guarded, milestone_id,
                        created_by, predecessor_id, handoff, created_at, updated_at)
    select i.session_id, i.task_id, i.phase, i.mode, i.agent, i.variant, i.model, i.resolved_model, i.parameters::jsonb,
           case when i.seen_live is null then 'ready' else 'pending' end, i.seen_generation + 1, true, i.milestone_id,
           i.created_by, i.seen_live, i.handoff, coalesce(d.deleted_at, v_at), coalesce(d.deleted_at, v_at)
      from unnest(v_items) i left join sessions d on d.id = i.seen_live;
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, detail, at)
    select i.task_id, i.phase, i.mode, i.session_id, case when i.seen_live is null then 'created' else 'replaced' end,
           i.reason, i.seen_generation + 1, i.seen_live, i.created_by,
           birth_detail(model_detail(i.agent, i.variant, i.model, i.resolved_model, i.parameters::jsonb), i.milestone_id, i.handoff),
           coalesce(d.deleted_at, v_at)
      from unnest(v_items) i left join sessions d on d.id = i.seen_live;
  perform take_idempotency_key(i.key_scope, i.key, i.request_hash, i.response::jsonb) from unnest(v_items) i where i.key is not null;

  return query
    select i.place, 'opened'::text, s.generation, s.version::bigint, case when i.seen_live is null then 0 end
      from unnest(v_items) i join slots s on (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode);
end $$;
