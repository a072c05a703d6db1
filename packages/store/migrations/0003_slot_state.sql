-- What a decision is made on: the slot, and the newest live session in it. The same rows for the plain read and under the lock.

create type slot_state_row as (
  slot_version bigint, slot_generation bigint, slot_live uuid,
  session_id uuid, generation bigint, agent text, variant text, model text, parameters jsonb,
  status text, guarded boolean, model_missing boolean
);

-- A session's model is missing when its name, or the variant it came from, has no live row any more.
create function is_model_missing(p_agent text, p_variant text, p_model text) returns boolean language sql stable as $$
  select (p_model is not null and not exists (
           select 1 from models where agent = p_agent and name = p_model and deleted_at is null))
      or (p_variant is not null and not exists (
           select 1 from profiles where agent = p_agent and variant = p_variant and deleted_at is null))
$$;

create function slot_state(p_task_id uuid, p_phase text, p_mode text) returns slot_state_row language plpgsql stable as $$
declare
  v slot_state_row;
begin
  select s.version, s.generation, s.live_session_id into v.slot_version, v.slot_generation, v.slot_live
    from slots s where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode;
  v.slot_version := coalesce(v.slot_version, 0);
  v.slot_generation := coalesce(v.slot_generation, 0);
  if v.slot_live is not null then
    select id, generation, agent, variant, model, parameters, status, guarded
      into v.session_id, v.generation, v.agent, v.variant, v.model, v.parameters, v.status, v.guarded
      from sessions where id = v.slot_live;
  else
    select id, generation, agent, variant, model, parameters, status, guarded
      into v.session_id, v.generation, v.agent, v.variant, v.model, v.parameters, v.status, v.guarded
      from sessions
      where task_id = p_task_id and phase = p_phase and mode = p_mode and deleted_at is null and not guarded and not standalone
      order by created_at desc, id desc limit 1;
  end if;
  if v.session_id is not null then
    v.model_missing := is_model_missing(v.agent, v.variant, v.model);
  end if;
  return v;
end $$;

-- FOR UPDATE on a row nothing references blocks no foreign key check. Each statement here takes a fresh snapshot, so the state read
-- after the wait is the newest. lock_timeout bounds the waiter; once the lock is won, transaction_timeout bounds any holder and
-- idle_in_transaction_session_timeout a silent one.
create function lock_slot(p_task_id uuid, p_phase text, p_mode text, p_wait_ms integer, p_hold_ms integer)
returns slot_state_row language plpgsql as $$
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  perform 1 from slots where task_id = p_task_id and phase = p_phase and mode = p_mode for update;
  if not found then
    -- FOR UPDATE on a row that does not exist locks nothing: make the row, then lock it.
    insert into slots (task_id, phase, mode) values (p_task_id, p_phase, p_mode) on conflict do nothing;
    perform 1 from slots where task_id = p_task_id and phase = p_phase and mode = p_mode for update;
  end if;
  perform set_config('transaction_timeout', p_hold_ms || 'ms', true),
          set_config('idle_in_transaction_session_timeout', p_hold_ms || 'ms', true);
  return slot_state(p_task_id, p_phase, p_mode);
end $$;
