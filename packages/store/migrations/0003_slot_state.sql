-- What a decision is made on: the slot, and the newest live session in it. The same rows for the plain read and under the lock.

create type slot_state_row as (
  slot_version bigint, slot_generation bigint, slot_live uuid,
  session_id uuid, generation bigint, agent text, variant text, model text, parameters jsonb,
  status text, guarded boolean, model_missing boolean,
  -- Set by lock_slot alone: somebody else held the slot first; the slot is still at the version the caller knows.
  waited boolean, unchanged boolean
);

-- Fills in the session of a slot that was just read: the live one, else the newest from before the task was enrolled. Its model is missing
-- when the name, or the variant it came from, has no live row any more.
create function with_session(v slot_state_row, p_task_id uuid, p_phase text, p_mode text) returns slot_state_row language plpgsql stable as $$
begin
  if v.slot_live is not null then
    select s.id, s.generation, s.agent, s.variant, s.model, s.parameters, s.status, s.guarded
      into v.session_id, v.generation, v.agent, v.variant, v.model, v.parameters, v.status, v.guarded
      from sessions s where s.id = v.slot_live;
  else
    select s.id, s.generation, s.agent, s.variant, s.model, s.parameters, s.status, s.guarded
      into v.session_id, v.generation, v.agent, v.variant, v.model, v.parameters, v.status, v.guarded
      from sessions s
      where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode
        and s.deleted_at is null and not s.guarded and not s.standalone
      order by s.created_at desc, s.id desc limit 1;
  end if;
  v.model_missing :=
    (v.model is not null and not exists (
      select 1 from models m where m.agent = v.agent and m.name = v.model and m.deleted_at is null))
    or (v.variant is not null and not exists (
      select 1 from profiles p where p.agent = v.agent and p.variant = v.variant and p.deleted_at is null));
  return v;
end $$;

create function slot_state(p_task_id uuid, p_phase text, p_mode text) returns slot_state_row language plpgsql stable as $$
declare
  v slot_state_row;
begin
  select s.version, s.generation, s.live_session_id into v.slot_version, v.slot_generation, v.slot_live
    from slots s where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode;
  v.slot_version := coalesce(v.slot_version, 0);
  v.slot_generation := coalesce(v.slot_generation, 0);
  return with_session(v, p_task_id, p_phase, p_mode);
end $$;

-- FOR UPDATE on a row nothing references blocks no foreign key check. Each statement here takes a fresh snapshot, so the state read
-- after the wait is the newest. lock_timeout bounds the waiter; once the lock is won, transaction_timeout bounds any holder and
-- idle_in_transaction_session_timeout a silent one.
create function lock_slot(
  p_task_id uuid, p_phase text, p_mode text, p_known_version bigint, p_wait_ms integer, p_hold_ms integer
)
returns slot_state_row language plpgsql as $$
declare
  v slot_state_row;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  select s.version, s.generation, s.live_session_id into v.slot_version, v.slot_generation, v.slot_live
    from slots s where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode for update skip locked;
  if not found then
    select s.version, s.generation, s.live_session_id into v.slot_version, v.slot_generation, v.slot_live
      from slots s where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode for update;
    v.waited := found;
  end if;
  if not found then
    -- FOR UPDATE on a row that does not exist locks nothing: make the row, then lock it.
    insert into slots (task_id, phase, mode) values (p_task_id, p_phase, p_mode) on conflict do nothing;
    select s.version, s.generation, s.live_session_id into v.slot_version, v.slot_generation, v.slot_live
      from slots s where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode for update;
  end if;
  -- A transaction_timeout that is running already, set at the start of the connection, is not wound anew by a shorter one: off, then on.
  perform set_config('transaction_timeout', '0', true);
  perform set_config('transaction_timeout', p_hold_ms || 'ms', true),
          set_config('idle_in_transaction_session_timeout', p_hold_ms || 'ms', true);
  -- A guarded session and its identity never change but with their slot's version: who knows that version knows the session.
  if v.slot_live is not null and v.slot_version = p_known_version then
    v.unchanged := true;
    return v;
  end if;
  return with_session(v, p_task_id, p_phase, p_mode);
end $$;
