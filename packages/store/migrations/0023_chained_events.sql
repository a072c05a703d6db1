-- Tamper evidence: each event stores a hash over itself and the hash of the event before it in its session. A later change of an event therefore
-- changes every later hash of its session, and a seal that was made in between no longer fits (docs/decisions/0048-chained-events.md).

-- A transaction that reads session_events for long would otherwise hold up this migration, and the migration every writer behind it. It is tried
-- again.
set local lock_timeout = '2s';

-- Without a default: no row is rewritten or read.
alter table session_events
  -- 1, 2, 3, … within the session; null in events from before this migration, until they are chained.
  add column place integer,
  add column hash bytea;

-- The bytes that are hashed, as text: JSON whose form does not depend on settings of the server. `id` and `tx` are left out, because a restored
-- database numbers its transactions anew. The time is in microseconds since 1970, which is all that is stored of it. An array of type `jsonb` has the
-- same text and takes longer to build.
create function canonical_event(e session_events) returns text language sql stable as $$
  select json_build_array(
    'phaselock-event/1', e.task_id, e.phase, e.mode, e.session_id, e.place, e.type, e.reason, e.generation, e.predecessor_id, e.actor,
    (extract(epoch from e.at) * 1000000)::bigint, e.detail)::text
$$;

-- The first event of a session is chained to the id of the session.
create function event_hash(p_before bytea, e session_events) returns bytea language sql stable as $$
  select sha256(coalesce(p_before, sha256(convert_to('phaselock-session/1 ' || e.session_id, 'UTF8'))) || convert_to(canonical_event(e), 'UTF8'))
$$;

-- Chains the events of a session that are not chained yet, in the order in which they were written. For callers that hold the session's row, or know
-- that the session is gone.
create function chain_session(p_task_id uuid, p_session_id uuid) returns integer language plpgsql as $$
declare
  e session_events;
  v_hash bytea;
  v_place integer := 0;
  v_chained integer := 0;
begin
  -- By the index on the task.
  for e in select * from session_events where task_id = p_task_id and session_id = p_session_id order by id loop
    v_place := v_place + 1;
    if e.hash is null then
      e.place := v_place;
      e.hash := event_hash(v_hash, e);
      update session_events set place = e.place, hash = e.hash where tx = e.tx and id = e.id;
      v_chained := v_chained + 1;
    end if;
    v_hash := e.hash;
  end loop;
  return v_chained;
end $$;

-- Every function that writes an event of a session holds the row of that session, FOR NO KEY UPDATE or stronger, or inserts it in the same
-- transaction. So the event before it is committed, and no other event is written between the look and the insert. This function is volatile: its
-- queries see what was committed while the statement waited for that row.
create or replace function keep_order_of_events() returns trigger language plpgsql as $$
declare
  -- Newest first, by the index on the task. A cursor is planned for its first rows, and read no further than to the one that is looked for: with a
  -- condition on the session, a plan for the average task could read and sort all events of one that has many.
  v_events cursor (p_task_id uuid) for select * from session_events e where e.task_id = p_task_id order by e.id desc;
  v_before session_events;
begin
  -- No event comes before it. A search would read all events of its task to find that.
  if new.predecessor_id is null and new.type in ('created', 'created-beside', 'standalone-started') then
    new.place := 1;
    new.hash := event_hash(null, new);
    return new;
  end if;
  -- The newest event of the session itself, or of the session it replaces. Usually it is the newest of the task.
  select * into v_before from session_events e where e.task_id = new.task_id order by e.id desc limit 1;
  if v_before.session_id in (new.session_id, new.predecessor_id) is not true then
    v_before := null;
    for v_event in v_events (new.task_id) loop
      if v_event.session_id in (new.session_id, new.predecessor_id) then
        v_before := v_event;
        exit;
      end if;
    end loop;
  end if;
  -- A transaction may have got its id before the one it waited for, so the event carries no lower id than the event before it.
  new.tx := greatest(new.tx, v_before.tx);
  if v_before.session_id is distinct from new.session_id then
    new.place := 1;
    new.hash := event_hash(null, new);
    return new;
  end if;
  -- It carries no earlier time either, when the clock was stepped back.
  new.at := greatest(new.at, v_before.at);
  if v_before.hash is null then
    perform chain_session(new.task_id, new.session_id);
    select * into v_before from session_events e where e.tx = v_before.tx and e.id = v_before.id;
  end if;
  new.place := v_before.place + 1;
  new.hash := event_hash(v_before.hash, new);
  return new;
end $$;
drop trigger session_events_keep_order on session_events;
create trigger session_events_keep_order before insert on session_events for each row execute function keep_order_of_events();

-- An event may get its place in the chain later, once, and nothing else of it changes.
drop trigger session_events_append_only on session_events;
create trigger session_events_append_only before delete or truncate on session_events
  for each statement execute function refuse_change_of_history();
create trigger session_events_unchanged before update on session_events
  for each row when (
    old.hash is not null or new.hash is null or new.place is null
    or (new.id, new.tx, new.task_id, new.phase, new.mode, new.session_id, new.type, new.reason, new.generation, new.predecessor_id, new.actor, new.detail, new.at)
       is distinct from
       (old.id, old.tx, old.task_id, old.phase, old.mode, old.session_id, old.type, old.reason, old.generation, old.predecessor_id, old.actor, old.detail, old.at))
  execute function refuse_change_of_history();

-- How far the events from before this migration have been chained. One row; a null task means that nothing has been done yet.
create table event_chain_progress (
  singleton boolean primary key default true check (singleton),
  -- The last task whose events are all chained.
  task_id uuid,
  chained_tasks bigint not null default 0,
  chained_events bigint not null default 0,
  finished_at timestamptz
);
insert into event_chain_progress (finished_at) select clock_timestamp() where not exists (select 1 from session_events);
insert into event_chain_progress default values on conflict do nothing;

-- Chains the old events of the next tasks, in the order of their ids, and ends after so many tasks or events. It stores how far it came, so that the
-- next call goes on there. Any number of workers may call it: one of them works at a time, and the others return at once.
create function chain_next_tasks(p_tasks integer, p_events integer, p_wait_ms integer) returns table (tasks integer, events integer, finished boolean)
language plpgsql as $$
declare
  v_progress event_chain_progress;
  v_task_id uuid;
  v_session_id uuid;
  v_holds_sessions boolean := false;
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  tasks := 0;
  events := 0;
  select * into v_progress from event_chain_progress for update skip locked;
  finished := v_progress.finished_at is not null;
  -- No row: another worker holds it.
  if v_progress.singleton is null or finished then return next; return; end if;

  <<walk>>
  while tasks < p_tasks loop
    -- The tasks that have events, whether they still have a row or not. One step in the index on the task.
    select e.task_id into v_task_id from session_events e
      where e.task_id > coalesce(v_progress.task_id, '00000000-0000-0000-0000-000000000000') order by e.task_id limit 1;
    if not found then
      finished := true;
      exit walk;
    end if;
    for v_session_id in
      select distinct e.session_id from session_events e where e.task_id = v_task_id and e.hash is null order by e.session_id
    loop
      exit walk when events >= p_events;
      perform 1 from sessions s where s.id = v_session_id for no key update skip locked;
      if not found and exists (select 1 from sessions s where s.id = v_session_id) then
        -- It is being written to. It is waited for only while no other session is locked here: nothing can then wait for this transaction in turn.
        exit walk when v_holds_sessions;
        perform 1 from sessions s where s.id = v_session_id for no key update;
      end if;
      v_holds_sessions := true;
      events := events + chain_session(v_task_id, v_session_id);
    end loop;
    v_progress.task_id := v_task_id;
    tasks := tasks + 1;
  end loop;

  update event_chain_progress p
    set task_id = v_progress.task_id, chained_tasks = p.chained_tasks + tasks, chained_events = p.chained_events + events,
        finished_at = case when finished then clock_timestamp() end;
  return next;
end $$;
