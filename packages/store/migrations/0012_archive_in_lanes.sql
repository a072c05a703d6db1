-- Workers that have not come to the end of a run: the last of them ends it. One that is still of the version before does not count itself.
alter table archive_runs add column lanes_left integer not null default 0;

-- Step 1. SKIP LOCKED: two workers never wait for each other, nor for a runner that comes home late. The lease is by this clock.
create or replace function claim_for_archive(p_token uuid, p_limit integer, p_lease_seconds integer, p_min_age_seconds double precision)
returns table (session_id uuid, task_id uuid, failures smallint) language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz := clock_timestamp();
  v_ids uuid[];
begin
  loop
    select coalesce(array_agg(due.id), '{}') into v_ids from (
      select s.id from sessions s left join archive_claims c on c.session_id = s.id
      where s.deleted_at is not null and s.archived_at is null and s.deleted_at <= v_at - make_interval(secs => p_min_age_seconds)
        and (s.lease_expires_at is null or s.lease_expires_at <= v_at)
        and (c.session_id is null or c.dead_at is null and c.due_at <= v_at and (c.leased_until is null or c.leased_until <= v_at))
      order by s.deleted_at, s.id limit p_limit for update of s skip locked) due;
    exit when cardinality(v_ids) = 0;

    return query
      insert into archive_claims as c (session_id, task_id, token, leased_until)
        select s.id, s.task_id, p_token, v_at + make_interval(secs => p_lease_seconds) from sessions s where s.id = any (v_ids)
      on conflict (session_id) do update set token = excluded.token, leased_until = excluded.leased_until
        -- Judged again on the row itself: another worker may have claimed it since it was looked at.
        where c.dead_at is null and c.due_at <= v_at and (c.leased_until is null or c.leased_until <= v_at)
      returning c.session_id, c.task_id, c.failures;
    -- All of them were claimed by another worker in between: it is looked again, or the others would be left lying.
    exit when found;
  end loop;

  -- Nobody renewed the lease of what still counts as running: it is lost, and will not be written to any more.
  with lost as (
    update processes p set status = 'lost', ended_at = v_at from archive_claims c
    where c.token = p_token and p.session_id = c.session_id and p.session_id = any (v_ids) and p.status = 'running' returning p.session_id)
  update sessions s
    set version = s.version + 1, updated_at = v_at, lease_expires_at = null, status = case when s.status = 'running' then 'stopped' else s.status end
    where s.id in (select session_id from lost);
end $$;

-- Step 5, later and by itself. Judged on the session as it is now, under its lock; what changed goes back to be archived again. The one without
-- a budget of rows stays for workers that have not been replaced yet.
create function purge_archived(p_limit integer, p_max_rows bigint, p_min_age_seconds double precision)
returns table (session_id uuid, outcome text) language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz := clock_timestamp();
  v_ids uuid[];
  v_changed uuid[];
begin
  -- As many as their logs allow: a transaction is short whatever agents had to say. One is always taken.
  select coalesce(array_agg(fits.session_id), '{}') into v_ids from (
    select due.session_id, sum(due.log_count) over (order by due.deleted_at, due.session_id) - due.log_count as before from (
      select a.session_id, a.deleted_at, a.log_count from archives a join sessions s on s.id = a.session_id
      where a.purged_at is null and a.verified_at is not null and s.archived_at is not null
        and a.deleted_at <= v_at - make_interval(secs => p_min_age_seconds)
      order by a.deleted_at, a.session_id limit p_limit for update of s skip locked) due) fits
    where fits.before < p_max_rows;

  select coalesce(array_agg(s.id), '{}') into v_changed
    from sessions s join archives a on a.session_id = s.id cross join lateral count_parts(s.id, s.task_id) n
    where s.id = any (v_ids)
      and (s.version <> a.session_version or n.running or s.deleted_at is null
           or (n.processes, n.events, n.logs, n.feedback) <> (a.process_count::bigint, a.event_count::bigint, a.log_count, a.feedback_count::bigint));
  update sessions s set archived_at = null where s.id = any (v_changed);
  v_ids := array(select unnest(v_ids) except select unnest(v_changed));

  -- Its parts by name, not by cascade: a late one aborts the purge instead of being swept along.
  delete from session_logs l where l.session_id = any (v_ids);
  delete from feedback f where f.session_id = any (v_ids);
  delete from processes p where p.session_id = any (v_ids);
  delete from sessions s where s.id = any (v_ids);
  update archives a set purged_at = v_at where a.session_id = any (v_ids);
  return query select unnest(v_ids), 'purged'::text union all select unnest(v_changed), 'changed'::text;
end $$;
