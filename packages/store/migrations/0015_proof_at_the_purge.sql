-- What was verified is not trusted later: the purge reads each object again, and no step works on a store that is not known by its marker.

-- The one store this database keeps its archives in, known by the marker and the latest seal that lie in it.
create table archive_store (
  singleton boolean primary key default true check (singleton),
  id uuid not null,
  -- Where it was when it was marked or adopted, for people.
  place text not null,
  -- Null until the marker is known to be in the store: it is announced here before it is written.
  laid_at timestamptz,
  -- Written anew around each batch: an older copy of the store has the marker, and not this.
  seal uuid,
  adopted_at timestamptz,
  adopted_by text,
  adopt_reason text,
  check ((laid_at is null) = (seal is null)),
  check ((adopted_at is null) = (adopt_reason is null))
);
-- Seals that may be in the store: announced before they are written, deleted after they were removed.
create table archive_seals (
  seal uuid primary key,
  announced_at timestamptz not null default clock_timestamp()
);

-- How many keys of the present version turned out to hold something else: the next object is written beside them.
alter table archive_claims add column copy smallint not null default 0;
alter table archives
  add column copy smallint not null default 0,
  -- How often the object was found missing or damaged while its session was still here.
  add column damaged smallint not null default 0;

-- Nobody holds it, or its worker did not renew it. A claim that has longer to run than two leases was made before the clock stepped back: a dead
-- worker's would keep its session for as long as the step. Taken from a worker that is alive it does no harm, for that one's token counts no more.
create function claim_is_free(c archive_claims, p_at timestamptz, p_lease_seconds integer) returns boolean language sql immutable as $$
  select c.leased_until is null or c.leased_until <= p_at or c.leased_until > p_at + make_interval(secs => 2 * p_lease_seconds)
$$;

-- A worker of an older release deletes on the strength of an old proof, and works on a store whatever it is. It is told so, and does nothing.
create function refuse_older_worker() returns void language plpgsql as $$
begin
  raise exception 'this purge worker is of an older release, which trusts proofs made earlier: restart it with the present release'
    using errcode = 'PL007';
end $$;
create or replace function claim_for_archive(p_token uuid, p_limit integer, p_lease_seconds integer, p_min_age_seconds double precision)
returns table (session_id uuid, task_id uuid, failures smallint) language plpgsql as $$ begin perform refuse_older_worker(); end $$;
create or replace function mark_archived(p_token uuid, p_manifests jsonb, p_retention_days integer)
returns table (session_id uuid, outcome text) language plpgsql as $$ begin perform refuse_older_worker(); end $$;
create or replace function purge_archived(p_limit integer, p_min_age_seconds double precision)
returns table (session_id uuid, outcome text) language plpgsql as $$ begin perform refuse_older_worker(); end $$;
create or replace function purge_archived(p_limit integer, p_max_rows bigint, p_min_age_seconds double precision)
returns table (session_id uuid, outcome text) language plpgsql as $$ begin perform refuse_older_worker(); end $$;
create or replace function begin_removals(p_limit integer)
returns table (session_id uuid, object_key text) language plpgsql as $$ begin perform refuse_older_worker(); end $$;

-- Step 1, as claim_for_archive was, and says which copy is to be written. It takes no store: a store that cannot be asked is a failure of the
-- sessions that are claimed, and only what is marked has to be in the known one.
create function claim_unarchived(p_token uuid, p_limit integer, p_lease_seconds integer, p_min_age_seconds double precision)
returns table (session_id uuid, task_id uuid, failures smallint, copy smallint) language plpgsql as $$
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
        and (c.session_id is null or c.dead_at is null and c.due_at <= v_at and claim_is_free(c, v_at, p_lease_seconds))
      order by s.deleted_at, s.id limit p_limit for update of s skip locked) due;
    exit when cardinality(v_ids) = 0;

    return query
      insert into archive_claims as c (session_id, task_id, token, leased_until)
        select s.id, s.task_id, p_token, v_at + make_interval(secs => p_lease_seconds) from sessions s where s.id = any (v_ids)
      on conflict (session_id) do update set token = excluded.token, leased_until = excluded.leased_until
        -- Judged again on the row itself: another worker may have claimed it since it was looked at.
        where c.dead_at is null and c.due_at <= v_at and claim_is_free(c, v_at, p_lease_seconds)
      returning c.session_id, c.task_id, c.failures, c.copy;
    -- All of them were claimed by another worker in between: it is looked again, or the others would be left lying.
    exit when found;
  end loop;

  -- The lease of what still counts as running was not renewed: it is lost, and will not be written to any more.
  with lost as (
    update processes p set status = 'lost', ended_at = greatest(p.started_at, least(coalesce(s.lease_expires_at, v_at), v_at))
    from archive_claims c join sessions s on s.id = c.session_id
    where c.token = p_token and p.session_id = c.session_id and p.session_id = any (v_ids) and p.status = 'running' returning p.session_id)
  update sessions s
    set version = s.version + 1, updated_at = v_at, lease_expires_at = null, status = case when s.status = 'running' then 'stopped' else s.status end
    where s.id in (select session_id from lost);
end $$;

-- Step 4, after an object was read back: its manifest, if the session still is what was written, the claim still ours and the store the known one.
create function mark_archived(p_store uuid, p_token uuid, p_manifests jsonb, p_retention_days integer)
returns table (session_id uuid, outcome text) language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz := clock_timestamp();
begin
  -- FOR SHARE: another store is not adopted in between.
  perform 1 from archive_store k where k.id = p_store and k.laid_at is not null for share;
  if not found then return; end if;
  -- FOR UPDATE: nothing that refers to the session can be added until this is decided. In the order of the keys, as everywhere.
  perform 1 from sessions s where s.id in (select m.session_id from jsonb_to_recordset(p_manifests) as m(session_id uuid)) order by s.id for update;
  return query
    with manifest as (
      select * from jsonb_to_recordset(p_manifests) as m(session_id uuid, version integer, object_key text, object_version text, sha256 text,
                                                         bytes bigint, processes bigint, events bigint, logs bigint, feedback bigint)
    ), judged as (
      select m.*, c.copy, case
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
                                 process_count, event_count, log_count, feedback_count, archived_at, verified_at, expires_at, copy)
        select s.id, s.task_id, t.project_id, s.phase, s.mode, s.agent, s.variant, s.model, s.generation, s.predecessor_id, s.replaced_by,
               s.created_at, s.deleted_at, s.deleted_reason, s.version, j.object_key, j.object_version, decode(j.sha256, 'hex'), j.bytes,
               j.processes, j.events, j.logs, j.feedback, v_at, v_at, v_at + make_interval(days => p_retention_days), j.copy
        from judged j join sessions s on s.id = j.session_id join tasks t on t.id = s.task_id where j.outcome = 'archived'
      on conflict (session_id) do update
        set session_version = excluded.session_version, object_key = excluded.object_key, object_version = excluded.object_version,
            sha256 = excluded.sha256, bytes = excluded.bytes, process_count = excluded.process_count, event_count = excluded.event_count,
            log_count = excluded.log_count, feedback_count = excluded.feedback_count, archived_at = excluded.archived_at,
            verified_at = excluded.verified_at, expires_at = excluded.expires_at, copy = excluded.copy
      returning a.session_id
    ), flagged as (
      update sessions s set archived_at = v_at from kept where s.id = kept.session_id
    ), done as (
      delete from archive_claims c using kept where c.session_id = kept.session_id
    ), again as (
      -- It changed while it was written: as good as new, for whoever claims next.
      update archive_claims c set token = null, leased_until = null from judged j
      where c.session_id = j.session_id and j.outcome = 'changed' and c.token = p_token
    )
    select j.session_id, j.outcome from judged j;
end $$;

-- Instead of step 4, or of the purge. No time to try again means that it is dead. What lies under a key that was not ours stays as it is: the next
-- try writes beside it.
create or replace function fail_archives(p_token uuid, p_failures jsonb) returns table (session_id uuid, dead boolean) language sql as $$
  update archive_claims c
    set token = null, leased_until = null, failures = c.failures + 1, error_code = f.code, error_text = f.message,
        copy = c.copy + (f.code = 'object_conflict')::integer,
        due_at = clock_timestamp() + make_interval(secs => coalesce(f.retry_seconds, 0)),
        dead_at = case when f.retry_seconds is null then clock_timestamp() end
    from jsonb_to_recordset(p_failures) as f(session_id uuid, code text, message text, retry_seconds double precision)
    where c.session_id = f.session_id and c.token = p_token
    returning c.session_id, c.dead_at is not null
$$;

-- Step 5 begins, later and by itself: what is due, and what its object has to be. The claim keeps another worker from reading the same objects, and
-- bounds the age of what is read now: once its lease has lapsed nothing is deleted on it.
create function claim_for_purge(p_token uuid, p_limit integer, p_max_rows bigint, p_max_bytes bigint, p_lease_seconds integer,
                                p_min_age_seconds double precision)
returns table (session_id uuid, failures smallint, session_version integer, object_key text, object_version text, sha256 text, bytes bigint)
language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz := clock_timestamp();
  v_ids uuid[];
begin
  loop
    -- As many as their logs and objects allow: a transaction is short whatever agents had to say, and so is what lies between reading and
    -- deleting. One is always taken.
    select coalesce(array_agg(fits.session_id), '{}') into v_ids from (
      select due.session_id, sum(due.log_count) over earlier - due.log_count as rows_before, sum(due.bytes) over earlier - due.bytes as bytes_before
      from (
        select a.session_id, a.deleted_at, a.log_count, a.bytes
        from archives a join sessions s on s.id = a.session_id left join archive_claims c on c.session_id = a.session_id
        where a.purged_at is null and a.verified_at is not null and s.archived_at is not null
          and a.deleted_at <= v_at - make_interval(secs => p_min_age_seconds)
          and (c.session_id is null or c.dead_at is null and c.due_at <= v_at and claim_is_free(c, v_at, p_lease_seconds))
        order by a.deleted_at, a.session_id limit p_limit for update of s skip locked) due
      window earlier as (order by due.deleted_at, due.session_id)) fits
      where fits.rows_before < p_max_rows and fits.bytes_before < p_max_bytes;
    exit when cardinality(v_ids) = 0;

    return query
      with taken as (
        insert into archive_claims as c (session_id, task_id, token, leased_until, copy)
          select a.session_id, a.task_id, p_token, v_at + make_interval(secs => p_lease_seconds), a.copy from archives a where a.session_id = any (v_ids)
        on conflict (session_id) do update set token = excluded.token, leased_until = excluded.leased_until
          where c.dead_at is null and c.due_at <= v_at and claim_is_free(c, v_at, p_lease_seconds)
        returning c.session_id, c.failures)
      select t.session_id, t.failures, a.session_version, a.object_key, a.object_version, encode(a.sha256, 'hex'), a.bytes
      from taken t join archives a on a.session_id = t.session_id order by a.deleted_at, a.session_id;
    exit when found;
  end loop;
end $$;

-- Step 5 ends: each proof names what was read a moment ago. It holds if the archive is still that one, the claim ours and not lapsed, and the store
-- the known one. Judged on the session as it is now, under its lock; what changed goes back to be archived again.
create function purge_proven(p_store uuid, p_token uuid, p_proofs jsonb) returns table (session_id uuid, outcome text) language plpgsql as $$
#variable_conflict use_column
declare
  v_at timestamptz;
  v_ids uuid[];
  v_changed uuid[];
begin
  perform 1 from archive_store k where k.id = p_store and k.laid_at is not null for share;
  if not found then return; end if;
  perform 1 from sessions s where s.id in (select p.session_id from jsonb_to_recordset(p_proofs) as p(session_id uuid)) order by s.id for update;
  v_at := clock_timestamp();
  select coalesce(array_agg(a.session_id), '{}') into v_ids
    from jsonb_to_recordset(p_proofs) as p(session_id uuid, session_version integer, object_key text, object_version text, sha256 text, bytes bigint)
    join archives a on a.session_id = p.session_id and a.session_version = p.session_version and a.object_key = p.object_key
      and a.object_version is not distinct from p.object_version and a.sha256 = decode(p.sha256, 'hex') and a.bytes = p.bytes
      and a.verified_at is not null and a.purged_at is null
    join archive_claims c on c.session_id = a.session_id and c.token = p_token and c.leased_until > v_at
    join sessions s on s.id = a.session_id and s.archived_at is not null;

  select coalesce(array_agg(s.id), '{}') into v_changed
    from sessions s join archives a on a.session_id = s.id cross join lateral count_parts(s.id, s.task_id) n
    where s.id = any (v_ids)
      and (s.version <> a.session_version or n.running or s.deleted_at is null
           or (n.processes, n.events, n.logs, n.feedback) <> (a.process_count::bigint, a.event_count::bigint, a.log_count, a.feedback_count::bigint));
  update sessions s set archived_at = null where s.id = any (v_changed);
  delete from archive_claims c where c.session_id = any (v_ids) and c.token = p_token;
  v_ids := array(select unnest(v_ids) except select unnest(v_changed));

  -- Its parts by name, not by cascade: a late one aborts the purge instead of being swept along.
  delete from session_logs l where l.session_id = any (v_ids);
  delete from feedback f where f.session_id = any (v_ids);
  delete from processes p where p.session_id = any (v_ids);
  delete from sessions s where s.id = any (v_ids);
  update archives a set purged_at = v_at where a.session_id = any (v_ids);
  return query select unnest(v_ids), 'purged'::text union all select unnest(v_changed), 'changed'::text;
end $$;

-- Instead of the end of step 5: the object is not what the archive says of it, so the session is archived again while it is still here, and what was
-- verified before counts for nothing. Without a code the object was only moved: the same bytes are there as another version.
create function distrust_archives(p_token uuid, p_found jsonb, p_most_times integer)
returns table (session_id uuid, dead boolean) language plpgsql as $$
#variable_conflict use_column
declare
  v_ids uuid[];
begin
  perform 1 from sessions s where s.id in (select f.session_id from jsonb_to_recordset(p_found) as f(session_id uuid)) order by s.id for update;
  select coalesce(array_agg(a.session_id), '{}') into v_ids
    from jsonb_to_recordset(p_found) as f(session_id uuid, object_key text, object_version text)
    join archives a on a.session_id = f.session_id and a.object_key = f.object_key and a.object_version is not distinct from f.object_version
      and a.purged_at is null
    join archive_claims c on c.session_id = a.session_id and c.token = p_token;
  update sessions s set archived_at = null where s.id = any (v_ids);
  update archives a set verified_at = null, damaged = a.damaged + (f.code is not null)::integer
    from jsonb_to_recordset(p_found) as f(session_id uuid, code text) where a.session_id = f.session_id and a.session_id = any (v_ids);
  return query
    update archive_claims c
      set token = null, leased_until = null, due_at = clock_timestamp(), error_code = f.code, error_text = f.message,
          -- Under the same key there is room if the object is gone; what lies there otherwise is left for the removal of leftovers.
          copy = c.copy + f.beside::integer, failures = case when a.damaged > p_most_times then a.damaged else 0 end,
          dead_at = case when a.damaged > p_most_times then clock_timestamp() end
      from jsonb_to_recordset(p_found) as f(session_id uuid, code text, message text, beside boolean) join archives a on a.session_id = f.session_id
      where c.session_id = f.session_id and c.session_id = any (v_ids) and c.token = p_token
      returning c.session_id, c.dead_at is not null;
end $$;

-- When its time is over the object goes, and the tombstone stays. Marked first: a hold that comes later is refused instead of broken.
-- It is the one step that cannot be taken back, so it does not go by one clock alone: a server whose clock was set wrong would remove what has years
-- to go.
create function begin_removals(p_store uuid, p_limit integer, p_worker_ms double precision)
returns table (session_id uuid, object_key text) language plpgsql as $$
#variable_conflict use_column
begin
  if abs(extract(epoch from clock_timestamp()) * 1000 - p_worker_ms) > 3600000 then
    raise exception 'the clocks of the purge worker and of the database are more than an hour apart: no archive is removed until they agree'
      using errcode = 'PL008';
  end if;
  return query update archives a set removing_at = coalesce(a.removing_at, clock_timestamp())
    where exists (select 1 from archive_store k where k.id = p_store and k.laid_at is not null)
      and a.session_id in (
        select r.session_id from archives r
        where r.purged_at is not null and r.removed_at is null and not r.legal_hold and r.expires_at <= clock_timestamp()
        order by r.expires_at, r.session_id limit p_limit for update skip locked)
    returning a.session_id, a.object_key;
end $$;

-- Old enough that nobody can still be writing them, and judged again: what an archive, or a claim, names by now is nobody's leftover.
create function begin_leftovers(p_store uuid, p_limit integer) returns setof text language plpgsql as $$
begin
  if not exists (select 1 from archive_store k where k.id = p_store and k.laid_at is not null) then return; end if;
  delete from archive_leftovers l where l.since <= clock_timestamp() - interval '1 day' and l.removing_at is null
    and (exists (select 1 from archives a where a.object_key = l.object_key and a.removing_at is null)
         or exists (select 1 from archive_claims c where c.object_key = l.object_key and c.leased_until > clock_timestamp()));
  return query
    update archive_leftovers l set removing_at = coalesce(l.removing_at, clock_timestamp())
      where l.object_key in (
        select o.object_key from archive_leftovers o where o.since <= clock_timestamp() - interval '1 day'
        order by o.since limit p_limit for update skip locked)
      returning l.object_key;
end $$;

-- Orphans are looked for first and deleted later: what was used in between is none any more. Judged again under the locks a deletion takes.
create function delete_orphans(p_session_ids uuid[], p_actor text, p_wait_ms integer, p_older_than_seconds double precision)
returns table (session_id uuid, task_id uuid, phase text, mode text, slot_version bigint, model text) language plpgsql as $$
#variable_conflict use_column
declare
  v_ids uuid[];
begin
  perform set_config('lock_timeout', p_wait_ms || 'ms', true);
  perform 1 from slots l where (l.task_id, l.phase, l.mode) in (select s.task_id, s.phase, s.mode from sessions s where s.id = any (p_session_ids))
    order by l.task_id, l.phase, l.mode for update;
  perform 1 from sessions s where s.id = any (p_session_ids) order by s.id for no key update;
  v_ids := array(
    select s.id from sessions s
    where s.id = any (p_session_ids) and s.deleted_at is null and s.updated_at < clock_timestamp() - make_interval(secs => p_older_than_seconds)
      and (s.lease_expires_at is null or s.lease_expires_at < clock_timestamp())
      and (s.standalone or not exists (select 1 from processes p where p.session_id = s.id)));
  return query select * from delete_sessions(v_ids, 'deleted', p_actor, p_wait_ms);
end $$;
