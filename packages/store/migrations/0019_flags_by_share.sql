-- Flags that apply to a share of their subjects, a kill that no lock can delay, and the history of both.

-- A flag applies to a subject while it is enabled, not killed, and murmur3_32(flag:salt:subject) % 10000 < percent * 100. Until now every flag
-- was on or off for everybody, and stays so.
alter table flags
  add column percent numeric(5, 2) not null default 100 check (percent between 0 and 100),
  -- Another salt puts the subjects into other buckets.
  add column salt text not null default '1' check (length(salt) between 1 and 100);

-- A kill is an insert, so it waits for no lock of a row. No foreign key to flags for the same reason: its check waits for FOR UPDATE.
create table flag_kills (
  id bigint generated always as identity primary key,
  flag text not null,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  why text not null,
  -- Set by a person who says so; nothing releases a kill by itself.
  released_at timestamptz,
  released_by text,
  check ((released_at is null) = (released_by is null))
);
-- Serves: whether a flag is killed, asked several times a second by every process.
create index flag_kills_unreleased on flag_kills (flag) where released_at is null;

create table flag_changes (
  id bigint generated always as identity primary key,
  flag text not null,
  -- Of the flag after the change; a kill or its release by itself changes no version.
  version integer,
  at timestamptz not null default clock_timestamp(),
  actor text not null,
  why text,
  "from" jsonb not null,
  "to" jsonb not null
);
-- Serves: what was done to a flag, newest first.
create index flag_changes_by_flag on flag_changes (flag, id);

create function refuse_change_of_flag_history() returns trigger language plpgsql as $$
begin
  raise exception 'flag_changes is append-only: % is refused', tg_op using errcode = 'restrict_violation';
end $$;
create trigger flag_changes_append_only before update or delete or truncate on flag_changes
  for each statement execute function refuse_change_of_flag_history();

-- Who changes it and why: as set_flag and kill_flag say, else as a program of the version before writes it into the row, else the role of a plain
-- update.
create function stamp_flag() returns trigger language plpgsql as $$
begin
  new.updated_by := coalesce(
    nullif(current_setting('phaselock.actor', true), ''),
    case when new.version > old.version then new.updated_by end,
    'sql:' || session_user);
  new.version := old.version + 1;
  new.updated_at := clock_timestamp();
  return new;
end $$;
create trigger flags_stamp before update on flags for each row execute function stamp_flag();

create function flag_settings(p flags) returns jsonb language sql immutable as $$
  select jsonb_build_object('enabled', p.enabled, 'percent', p.percent, 'value', p.value, 'salt', p.salt)
$$;

-- In the transaction of the change. Every process listens on the channel, so that it need not wait for its next poll.
create function record_flag_change() returns trigger language plpgsql as $$
begin
  insert into flag_changes (flag, version, actor, why, "from", "to")
    values (new.name, new.version, new.updated_by, nullif(current_setting('phaselock.why', true), ''), flag_settings(old), flag_settings(new));
  perform pg_notify('phaselock_flags', new.name);
  return null;
end $$;
create trigger flags_record after update on flags for each row execute function record_flag_change();

create function record_flag_kill() returns trigger language plpgsql as $$
begin
  if tg_op = 'INSERT' then
    insert into flag_changes (flag, actor, why, "from", "to")
      values (new.flag, new.actor, new.why, '{"killed": false}', jsonb_build_object('killed', true, 'kill', new.id));
  elsif old.released_at is null and new.released_at is not null then
    insert into flag_changes (flag, actor, why, "from", "to")
      values (new.flag, new.released_by, nullif(current_setting('phaselock.why', true), ''),
              jsonb_build_object('killed', true, 'kill', new.id), '{"killed": false}');
  end if;
  perform pg_notify('phaselock_flags', new.flag);
  return null;
end $$;
create trigger flag_kills_record after insert or update on flag_kills for each row execute function record_flag_kill();

-- Released, not taken back: who killed what, and when, stays.
create function keep_flag_kills() returns trigger language plpgsql as $$
begin
  if tg_op <> 'UPDATE' then
    raise exception 'flag_kills is kept: % is refused', tg_op using errcode = 'restrict_violation';
  end if;
  if (new.id, new.flag, new.at, new.actor, new.why) is distinct from (old.id, old.flag, old.at, old.actor, old.why)
     or (old.released_at is not null and (new.released_at, new.released_by) is distinct from (old.released_at, old.released_by)) then
    raise exception 'a kill can only be released' using errcode = 'restrict_violation';
  end if;
  return new;
end $$;
create trigger flag_kills_kept before update or delete on flag_kills for each row execute function keep_flag_kills();
create trigger flag_kills_not_truncated before truncate on flag_kills for each statement execute function keep_flag_kills();

-- The flags as they hold.
create view flag_states as
  select f.name, f.enabled and not k.killed as enabled, k.killed, f.percent, f.value, f.salt, f.version, f.updated_at, f.updated_by
    from flags f
    cross join lateral (
      select exists (select from flag_kills k where k.flag = f.name and k.released_at is null) as killed
    ) k;

-- Changes what p_change names: enabled, percent, value, salt. No row comes back when the flag is unknown or at another version than was seen.
-- `release_kills` says that a person wants the kills of the flag released with it; a program that goes on with its plan does not say so.
create function set_flag(p_name text, p_change jsonb, p_actor text, p_why text, p_seen_version integer)
returns setof flag_states language plpgsql as $$
begin
  -- A transaction somebody left open on the row is not waited for longer.
  perform set_config('lock_timeout', '1000ms', true),
          set_config('phaselock.actor', coalesce(p_actor, ''), true), set_config('phaselock.why', coalesce(p_why, ''), true);
  update flags f
    set enabled = coalesce((p_change ->> 'enabled')::boolean, f.enabled),
        percent = coalesce((p_change ->> 'percent')::numeric, f.percent),
        value = case when p_change ? 'value' then nullif(p_change -> 'value', 'null'::jsonb) else f.value end,
        salt = coalesce(p_change ->> 'salt', f.salt)
    where f.name = p_name and (p_seen_version is null or f.version = p_seen_version);
  if not found then return; end if;
  if (p_change ->> 'release_kills')::boolean then
    update flag_kills k set released_at = clock_timestamp(), released_by = coalesce(p_actor, 'sql:' || session_user)
      where k.flag = p_name and k.released_at is null;
  end if;
  return query select * from flag_states s where s.name = p_name;
end $$;

-- Off for everybody, at once, whatever else holds. The row of the flag is switched off as well where it is not locked; where it is, the kill
-- holds all the same. Answers with the number of the kill.
create function kill_flag(p_name text, p_actor text, p_why text) returns bigint language plpgsql as $$
declare
  v_kill bigint;
begin
  perform set_config('lock_timeout', '100ms', true),
          set_config('phaselock.actor', coalesce(p_actor, ''), true), set_config('phaselock.why', coalesce(p_why, ''), true);
  begin
    if not exists (select from flags f where f.name = p_name) then
      raise exception 'there is no flag %', p_name using errcode = 'PL007';
    end if;
  exception when lock_not_available then
    -- The table is locked: a kill of a flag that is not there does no harm, one that is not written would.
    null;
  end;
  insert into flag_kills (flag, actor, why)
    values (p_name, coalesce(nullif(p_actor, ''), 'sql:' || session_user), coalesce(p_why, ''))
    returning id into v_kill;
  begin
    update flags f set enabled = false
      where f.name in (select l.name from flags l where l.name = p_name and l.enabled for update skip locked);
  exception when lock_not_available then
    null;
  end;
  return v_kill;
end $$;

-- As create_beside, for a caller outside the rollout. Once a slot of the task has had a guarded session the rule applies to the whole task: then
-- nothing is written, and false is the answer. The slot's row is locked, so that a first guarded start in the slot comes wholly before, and is seen
-- here, or wholly after, and collapses what is written here.
create function create_beside_outside(
  p_task_id uuid, p_phase text, p_mode text, p_session_id uuid, p_agent text, p_variant text, p_model text, p_resolved_model text,
  p_parameters jsonb, p_milestone_id text, p_created_by text,
  p_idempotency_scope text, p_idempotency_key text, p_request_hash text, p_response jsonb,
  out created boolean
) returns boolean language plpgsql as $$
begin
  insert into slots (task_id, phase, mode) values (p_task_id, p_phase, p_mode) on conflict do nothing;
  perform from slots s where s.task_id = p_task_id and s.phase = p_phase and s.mode = p_mode for share;
  created := not task_is_guarded(p_task_id);
  if created then
    perform create_beside(p_task_id, p_phase, p_mode, p_session_id, p_agent, p_variant, p_model, p_resolved_model, p_parameters, p_milestone_id,
                          false, p_created_by, p_idempotency_scope, p_idempotency_key, p_request_hash, p_response);
  end if;
end $$;

-- A slot's version only grows with a guarded session: one begun beside others changes no slot. Few rows, by the primary key.
create function task_is_guarded(p_task_id uuid) returns boolean language sql stable as $$
  select exists (select from slots s where s.task_id = p_task_id and s.version > 0)
$$;
