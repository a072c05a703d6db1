-- Nothing is deleted that was not proven to be kept. Whoever removes a session, or what belongs to one, needs an archive of it that was read
-- back and verified, of the session as it is now. Asked once a statement: a purge of a thousand sessions is one question a table.
create function refuse_unarchived_sessions() returns trigger language plpgsql as $$
declare
  v_id uuid;
begin
  select g.id into v_id from gone g
    where not exists (select 1 from archives a where a.session_id = g.id and a.session_version = g.version and a.verified_at is not null) limit 1;
  if not found then return null; end if;
  raise exception 'session % has no verified archive of its present version: nothing is deleted that was not proven to be kept', v_id
    using errcode = 'PL006', hint = 'Delete it softly with delete_session, or archive it first.';
end $$;

create function refuse_unarchived_parts() returns trigger language plpgsql as $$
declare
  v_id uuid;
begin
  select g.session_id into v_id from gone g
    where not exists (
      select 1 from archives a join sessions s on s.id = a.session_id and s.version = a.session_version
      where a.session_id = g.session_id and a.verified_at is not null) limit 1;
  if not found then return null; end if;
  raise exception 'a row of % belongs to session %, which has no verified archive of its present version: nothing is deleted that was not proven to be kept',
    tg_table_name, v_id using errcode = 'PL006', hint = 'Archive the session first.';
end $$;

create function refuse_truncate() returns trigger language plpgsql as $$
begin
  raise exception 'truncate of % is refused: nothing is deleted that was not proven to be kept', tg_table_name using errcode = 'PL006';
end $$;

create trigger sessions_kept after delete on sessions referencing old table as gone for each statement execute function refuse_unarchived_sessions();
create trigger processes_kept after delete on processes referencing old table as gone for each statement execute function refuse_unarchived_parts();
create trigger session_logs_kept after delete on session_logs referencing old table as gone for each statement execute function refuse_unarchived_parts();

create trigger sessions_not_truncated before truncate on sessions for each statement execute function refuse_truncate();
create trigger processes_not_truncated before truncate on processes for each statement execute function refuse_truncate();
create trigger session_logs_not_truncated before truncate on session_logs for each statement execute function refuse_truncate();
