-- A kill is not released by what began before it was made, and is not lost with what comes after it.

-- As before, but it releases only the kills there were when it began: while it waits for the row of the flag, another kill may come, which
-- its person has not seen. By their numbers, not by the largest: a kill with a smaller one can be committed later.
create or replace function set_flag(p_name text, p_change jsonb, p_actor text, p_why text, p_seen_version integer)
returns setof flag_states language plpgsql as $$
declare
  v_seen_kills bigint[] := array(select k.id from flag_kills k where k.flag = p_name and k.released_at is null);
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
      where k.id = any (v_seen_kills) and k.released_at is null;
  end if;
  return query select * from flag_states s where s.name = p_name;
end $$;

-- The history of a kill is told by its own row as well: where flag_changes is locked, by the making of an index for example, the kill does not
-- wait for it.
create or replace function record_flag_kill() returns trigger language plpgsql as $$
declare
  v_lock_timeout text := current_setting('lock_timeout');
begin
  begin
    perform set_config('lock_timeout', '200ms', true);
    if tg_op = 'INSERT' then
      insert into flag_changes (flag, actor, why, "from", "to")
        values (new.flag, new.actor, new.why, '{"killed": false}', jsonb_build_object('killed', true, 'kill', new.id));
    elsif old.released_at is null and new.released_at is not null then
      insert into flag_changes (flag, actor, why, "from", "to")
        values (new.flag, new.released_by, nullif(current_setting('phaselock.why', true), ''),
                jsonb_build_object('killed', true, 'kill', new.id), '{"killed": false}');
    end if;
  exception when lock_not_available then
    raise warning 'flag_changes is locked: that % was killed or released stands in flag_kills alone', new.flag;
  end;
  perform set_config('lock_timeout', v_lock_timeout, true), pg_notify('phaselock_flags', new.flag);
  return null;
end $$;

-- As before, but the short bound holds for the row of the flag alone: the lock that the NOTIFY of the kill takes at the commit is waited for as
-- long as the caller's own bound says, since 100 ms are over quickly where another notification is being committed to a slow disk. Whatever else
-- keeps the row from being switched off, such as a transaction that is serializable, costs that and not the kill. Where flag_kills itself is
-- locked, the row of the flag is switched off instead, and no number is the answer.
create or replace function kill_flag(p_name text, p_actor text, p_why text) returns bigint language plpgsql as $$
declare
  v_kill bigint;
  v_lock_timeout text := current_setting('lock_timeout');
begin
  perform set_config('phaselock.actor', coalesce(p_actor, ''), true), set_config('phaselock.why', coalesce(p_why, ''), true);
  begin
    perform set_config('lock_timeout', '100ms', true);
    if not exists (select from flags f where f.name = p_name) then
      raise exception 'there is no flag %', p_name using errcode = 'PL007';
    end if;
  exception when lock_not_available then
    -- The table is locked: a kill of a flag that is not there does no harm, one that is not written would.
    null;
  end;
  begin
    perform set_config('lock_timeout', '500ms', true);
    insert into flag_kills (flag, actor, why)
      values (p_name, coalesce(nullif(p_actor, ''), 'sql:' || session_user), coalesce(p_why, ''))
      returning id into v_kill;
  exception when lock_not_available then
    raise warning 'flag_kills is locked: % is switched off by its row alone', p_name;
    update flags f set enabled = false where f.name = p_name;
    perform set_config('lock_timeout', v_lock_timeout, true);
    return null;
  end;
  begin
    perform set_config('lock_timeout', '100ms', true);
    update flags f set enabled = false
      where f.name in (select l.name from flags l where l.name = p_name and l.enabled for update skip locked);
  exception
    when lock_not_available then
      null;
    when others then
      raise warning 'the kill of % holds, but its row was not switched off: %', p_name, sqlerrm;
  end;
  perform set_config('lock_timeout', v_lock_timeout, true);
  return v_kill;
end $$;
