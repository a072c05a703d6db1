-- Many slots in one transaction. Slots are locked first and in key order, so two bulk writes, or a bulk and a single one, cannot deadlock.
-- Each item is its own compare-and-set: those whose slot moved, or is held, are left out and reported by not being returned.

create type bulk_start as (
  task_id uuid, phase text, mode text, seen_generation bigint, seen_live uuid, session_id uuid,
  agent text, variant text, model text, parameters jsonb, created_by text, reason text
);

create function open_sessions(p_items jsonb, p_wait_ms integer)
returns table (session_id uuid, generation bigint, slot_version bigint, created_at timestamptz) language plpgsql as $$
declare
  v_items bulk_start[];
  v_won uuid[];
  v_at timestamptz;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  select array_agg(i order by i.task_id, i.phase, i.mode) into v_items from jsonb_populate_recordset(null::bulk_start, p_items) i;

  -- An item of a task nobody knows is left out like one whose slot moved, and found out about on its own.
  insert into slots (task_id, phase, mode)
    select i.task_id, i.phase, i.mode from unnest(v_items) i join tasks t on t.id = i.task_id where i.seen_generation = 0
    order by i.task_id, i.phase, i.mode on conflict do nothing;
  -- One that somebody else holds is left out: all the others are not kept waiting for it.
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
  insert into sessions (id, task_id, phase, mode, agent, variant, model, parameters, status, generation, guarded, created_by,
                        predecessor_id, created_at, updated_at)
    select i.session_id, i.task_id, i.phase, i.mode, i.agent, i.variant, i.model, i.parameters,
           case when i.seen_live is null then 'ready' else 'pending' end, i.seen_generation + 1, true, i.created_by, i.seen_live, v_at, v_at
      from unnest(v_items) i where i.session_id = any (v_won);
  insert into session_events (task_id, phase, mode, session_id, type, reason, generation, predecessor_id, actor, at)
    select i.task_id, i.phase, i.mode, i.session_id, case when i.seen_live is null then 'created' else 'replaced' end,
           i.reason, i.seen_generation + 1, i.seen_live, i.created_by, v_at
      from unnest(v_items) i where i.session_id = any (v_won);
  return query select i.session_id, s.generation, s.version, v_at
    from unnest(v_items) i join slots s on (s.task_id, s.phase, s.mode) = (i.task_id, i.phase, i.mode)
    where i.session_id = any (v_won);
end $$;

create function delete_sessions(p_session_ids uuid[], p_reason text, p_actor text, p_wait_ms integer)
returns table (session_id uuid, task_id uuid, phase text, mode text, slot_version bigint) language plpgsql as $$
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
  return query select s.id, s.task_id, s.phase, s.mode, case when s.guarded then coalesce(l.version, 0) else 0 end
    from sessions s left join slots l on (l.task_id, l.phase, l.mode) = (s.task_id, s.phase, s.mode) where s.id = any (v_gone);
end $$;
