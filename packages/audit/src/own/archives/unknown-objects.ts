/**
 * The objects among the keys $1, with the sessions $2 that the keys name, that the database does not know. A worker
 * records a key in its claim before it writes the object; an object that no archive names any more is a leftover.
 */
export const UNKNOWN_OBJECTS = `
  select k.object_key, k.session_id, coalesce(s.task_id, r.task_id) as task_id, r.object_key as named,
         case when s.id is not null and s.deleted_at is null then 'live'
              when s.id is not null and s.archived_at is null then 'waiting'
              when r.session_id is not null then 'archived' end as standing
  from unnest($1::text[], $2::uuid[]) as k(object_key, session_id)
  left join sessions s on s.id = k.session_id left join archives r on r.session_id = k.session_id
  where not exists (select from archives a where a.object_key = k.object_key)
    and not exists (select from archive_claims c where c.object_key = k.object_key)
    and not exists (select from archive_leftovers l where l.object_key = k.object_key)`;

/** The seals among $1 that this database did not write. It records each before it writes it, until it is removed. */
export const UNKNOWN_SEALS = `
  select k.seal from unnest($1::uuid[]) as k(seal)
  where not exists (select from archive_seals a where a.seal = k.seal) and not exists (select from archive_store o where o.seal = k.seal)`;

/** Whether the object of the archive $1 is gone, or going. */
export const REMOVED = `
  select coalesce((select r.removing_at is not null from archives r where r.session_id = $1), false)::text as removed`;
