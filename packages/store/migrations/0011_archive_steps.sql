-- Step 1. SKIP LOCKED: two workers never wait for each other, nor for a runner that comes home late. The lease is by this clock.
create function claim_for_archive(p_token uuid, p_limit integer, p_lease_seconds integer, p_min_age_seconds double precision)
returns table (session_id uuid, task_id uuid, failures smallint) language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz := clock_timestamp();
  v_ids uuid[];
begin
  select coalesce(array_agg(due.id), '{}') into v_ids from (
    select s.id from sessions s left join archive_claims c on c.session_id = s.id
    where s.deleted_at is not null and s.archived_at is null and s.deleted_at <= v_at - make_interval(secs => p_min_age_seconds)
      and (s.lease_expires_at is null or s.lease_expires_at <= v_at)
      and (c.session_id is null or c.dead_at is null and c.due_at <= v_at and (c.leased_until is null or c.leased_until <= v_at))
    order by s.deleted_at, s.id limit p_limit for update of s skip locked) due;

  -- Nobody renewed the lease of what still counts as running: it is lost, and will not be written to any more.
  with lost as (
    update processes p set status = 'lost', ended_at = v_at where p.session_id = any (v_ids) and p.status = 'running' returning p.session_id)
  update sessions s
    set version = s.version + 1, updated_at = v_at, lease_expires_at = null, status = case when s.status = 'running' then 'stopped' else s.status end
    where s.id in (select session_id from lost);

  return query
    insert into archive_claims as c (session_id, task_id, token, leased_until)
      select s.id, s.task_id, p_token, v_at + make_interval(secs => p_lease_seconds) from sessions s where s.id = any (v_ids)
    on conflict (session_id) do update set token = excluded.token, leased_until = excluded.leased_until
      -- Judged again on the row itself: another worker may have claimed it since it was looked at.
      where c.dead_at is null and c.due_at <= v_at and (c.leased_until is null or c.leased_until <= v_at)
    returning c.session_id, c.task_id, c.failures;
end $$;

-- Step 2 begins: where each object will be, and the lease once more. What is no longer claimed under the token is not in the answer.
create function announce_objects(p_token uuid, p_objects jsonb, p_lease_seconds integer) returns setof uuid language plpgsql as $$
begin
  -- Of an attempt that wrote, or may have written, something else.
  insert into archive_leftovers (object_key)
    select c.object_key from jsonb_to_recordset(p_objects) as o(session_id uuid, object_key text)
    join archive_claims c on c.session_id = o.session_id and c.token = p_token
    where c.object_key <> o.object_key and not exists (select 1 from archives a where a.object_key = c.object_key)
    on conflict do nothing;
  -- What is written again is nobody's leftover, unless its removal has begun: then it has to wait.
  delete from archive_leftovers l using jsonb_to_recordset(p_objects) as o(session_id uuid, object_key text)
    where l.object_key = o.object_key and l.removing_at is null;
  return query
    update archive_claims c set object_key = o.object_key, leased_until = clock_timestamp() + make_interval(secs => p_lease_seconds)
    from jsonb_to_recordset(p_objects) as o(session_id uuid, object_key text)
    where c.session_id = o.session_id and c.token = p_token
      and not exists (select 1 from archive_leftovers l where l.object_key = o.object_key)
    returning c.session_id;
end $$;

create function count_parts(p_session_id uuid, p_task_id uuid, out processes bigint, out events bigint, out logs bigint, out feedback bigint, out running boolean)
language sql stable as $$
  select (select count(*) from processes p where p.session_id = p_session_id),
         (select count(*) from session_events e where e.task_id = p_task_id and (e.session_id = p_session_id or e.predecessor_id = p_session_id)),
         (select count(*) from session_logs l where l.session_id = p_session_id),
         (select count(*) from feedback f where f.session_id = p_session_id),
         exists (select 1 from processes p where p.session_id = p_session_id and p.status = 'running')
$$;

-- Step 4, after an object was read back: its manifest, if the session still is what was written, and the claim still ours.
create function mark_archived(p_token uuid, p_manifests jsonb, p_retention_days integer) returns table (session_id uuid, outcome text) language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz := clock_timestamp();
begin
  -- FOR UPDATE: nothing that refers to the session can be added until this is decided. In the order of the keys, as everywhere.
  perform 1 from sessions s where s.id in (select m.session_id from jsonb_to_recordset(p_manifests) as m(session_id uuid)) order by s.id for update;
  return query
    with manifest as (
      select * from jsonb_to_recordset(p_manifests) as m(session_id uuid, version integer, object_key text, object_version text, sha256 text,
                                                         bytes bigint, processes bigint, events bigint, logs bigint, feedback bigint)
    ), judged as (
      select m.*, case
          when c.session_id is null then 'not-claimed'
          when s.version <> m.version or (n.processes, n.events, n.logs, n.feedback) <> (m.processes, m.events, m.logs, m.feedback) or n.running then 'changed'
          else 'archived' end as outcome
      from manifest m join sessions s on s.id = m.session_id
      left join archive_claims c on c.session_id = m.session_id and c.token = p_token
      cross join lateral count_parts(s.id, s.task_id) n
    ), superseded as (
      insert into archive_leftovers (object_key)
        select a.object_key from archives a join judged j on j.session_id = a.session_id and j.outcome = 'archived' and j.object_key <> a.object_key
        on conflict do nothing
    ), kept as (
      insert into archives as a (session_id, task_id, project_id, phase, mode, agent, variant, model, generation, predecessor_id, replaced_by,
                                 session_created_at, deleted_at, deleted_reason, session_version, object_key, object_version, sha256, bytes,
                                 process_count, event_count, log_count, feedback_count, archived_at, verified_at, expires_at)
        select s.id, s.task_id, t.project_id, s.phase, s.mode, s.agent, s.variant, s.model, s.generation, s.predecessor_id, s.replaced_by,
               s.created_at, s.deleted_at, s.deleted_reason, s.version, j.object_key, j.object_version, decode(j.sha256, 'hex'), j.bytes,
               j.processes, j.events, j.logs, j.feedback, v_at, v_at, v_at + make_interval(days => p_retention_days)
        from judged j join sessions s on s.id = j.session_id join tasks t on t.id = s.task_id where j.outcome = 'archived'
      on conflict (session_id) do update
        set session_version = excluded.session_version, object_key = excluded.object_key, object_version = excluded.object_version,
            sha256 = excluded.sha256, bytes = excluded.bytes, process_count = excluded.process_count, event_count = excluded.event_count,
            log_count = excluded.log_count, feedback_count = excluded.feedback_count, archived_at = excluded.archived_at,
            verified_at = excluded.verified_at, expires_at = excluded.expires_at
      returning a.session_id
    ), flagged as (
      update sessions s set archived_at = v_at from kept where s.id = kept.session_id
    ), done as (
      delete from archive_claims c using kept where c.session_id = kept.session_id
    ), again as (
      -- It changed while it was written: as good as new, for whoever claims next.
      update archive_claims c set token = null, leased_until = null from judged j
      where c.session_id = j.session_id and j.outcome = 'changed'
    )
    select j.session_id, j.outcome from judged j;
end $$;

-- Instead of step 4. No time to try again means that it is dead.
create function fail_archives(p_token uuid, p_failures jsonb) returns table (session_id uuid, dead boolean) language sql as $$
  update archive_claims c
    set token = null, leased_until = null, failures = c.failures + 1, error_code = f.code, error_text = f.message,
        due_at = clock_timestamp() + make_interval(secs => coalesce(f.retry_seconds, 0)),
        dead_at = case when f.retry_seconds is null then clock_timestamp() end
    from jsonb_to_recordset(p_failures) as f(session_id uuid, code text, message text, retry_seconds double precision)
    where c.session_id = f.session_id and c.token = p_token
    returning c.session_id, c.dead_at is not null
$$;

-- Step 5, later and by itself. Judged on the session as it is now, under its lock; what changed goes back to be archived again.
create function purge_archived(p_limit integer, p_min_age_seconds double precision)
returns table (session_id uuid, outcome text) language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz := clock_timestamp();
  v_ids uuid[];
  v_changed uuid[];
begin
  select coalesce(array_agg(due.session_id), '{}') into v_ids from (
    select a.session_id from archives a join sessions s on s.id = a.session_id
    where a.purged_at is null and a.verified_at is not null and s.archived_at is not null
      and a.deleted_at <= v_at - make_interval(secs => p_min_age_seconds)
    order by a.deleted_at, a.session_id limit p_limit for update of s skip locked) due;

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

-- When its time is over the object goes, and the tombstone stays. Marked first: a hold that comes later is refused instead of broken.
create function begin_removals(p_limit integer) returns table (session_id uuid, object_key text) language sql as $$
  update archives a set removing_at = coalesce(a.removing_at, clock_timestamp())
    where a.session_id in (
      select r.session_id from archives r
      where r.purged_at is not null and r.removed_at is null and not r.legal_hold and r.expires_at <= clock_timestamp()
      order by r.expires_at, r.session_id limit p_limit for update skip locked)
    returning a.session_id, a.object_key
$$;
