-- The tombstone of a purged session keeps the end of its chain, and a session is archived with its chain.

set local lock_timeout = '2s';

alter table archives
  -- The number of the session's own events, and the hash of the last one. Null in tombstones of earlier releases.
  add column chain_length integer,
  add column chain_hash bytea;

-- As before, and keeps the end of the chain. Under the lock of the session, so that it is of the session that was archived.
create or replace function mark_archived(p_store uuid, p_token uuid, p_manifests jsonb, p_retention_days integer)
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
                                 process_count, event_count, log_count, feedback_count, archived_at, verified_at, expires_at, copy,
                                 chain_length, chain_hash)
        select s.id, s.task_id, t.project_id, s.phase, s.mode, s.agent, s.variant, s.model, s.generation, s.predecessor_id, s.replaced_by,
               s.created_at, s.deleted_at, s.deleted_reason, s.version, j.object_key, j.object_version, decode(j.sha256, 'hex'), j.bytes,
               j.processes, j.events, j.logs, j.feedback, v_at, v_at, v_at + make_interval(days => p_retention_days), j.copy,
               last.place, last.hash
        from judged j join sessions s on s.id = j.session_id join tasks t on t.id = s.task_id
        left join lateral (
          select e.place, e.hash from session_events e where e.task_id = s.task_id and e.session_id = s.id order by e.id desc limit 1) last on true
        where j.outcome = 'archived'
      on conflict (session_id) do update
        set session_version = excluded.session_version, object_key = excluded.object_key, object_version = excluded.object_version,
            sha256 = excluded.sha256, bytes = excluded.bytes, process_count = excluded.process_count, event_count = excluded.event_count,
            log_count = excluded.log_count, feedback_count = excluded.feedback_count, archived_at = excluded.archived_at,
            verified_at = excluded.verified_at, expires_at = excluded.expires_at, copy = excluded.copy,
            chain_length = excluded.chain_length, chain_hash = excluded.chain_hash
      returning a.session_id
    ), flagged as (
      update sessions s set archived_at = v_at from kept where s.id = kept.session_id
    ), done as (
      delete from archive_claims c using kept where c.session_id = kept.session_id
    ), again as (
      -- It changed while it was written, so it can be claimed again like a new one.
      update archive_claims c set token = null, leased_until = null from judged j
      where c.session_id = j.session_id and j.outcome = 'changed' and c.token = p_token
    )
    select j.session_id, j.outcome from judged j;
end $$;
