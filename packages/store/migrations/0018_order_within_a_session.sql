-- A transaction gets its id with its first write, and may then wait for a session that a later one holds: its event would be told before what it
-- waited for. So an event carries no lower a transaction than the one before it in its session, or in the session it replaces. Nothing appears
-- behind a reader by that: an event is only read when all transactions up to the one it carries have ended, its own among them.
create function keep_order_of_events() returns trigger language plpgsql as $$
begin
  -- Under the lock of the session, so that the one before is committed. Newest first, by the index on the task.
  new.tx := greatest(new.tx, (
    select e.tx from session_events e where e.task_id = new.task_id and e.session_id in (new.session_id, new.predecessor_id)
    order by e.id desc limit 1));
  return new;
end $$;
create trigger session_events_keep_order before insert on session_events
  for each row when (new.type <> 'created') execute function keep_order_of_events();
