import { type Check, finding } from '../check.ts';
import type { RuleId } from '../rules.ts';
import type { ScopeSql } from './scope.ts';

const ABOUT = 'r.session_id as id, r.session_id, r.task_id';

const PAGE = 500;

/**
 * One page of the archives whose objects must be in the store: verified, not being removed, and either under legal hold
 * or not expired. The last parameter is the id after which the page starts.
 */
export const archivesPage = ({ inScope, values }: ScopeSql): string => `
  select r.session_id as id, r.session_id, r.task_id, r.object_key, r.object_version, encode(r.sha256, 'hex') as sha256, r.bytes
  from archives r where ${inScope('r')} and r.verified_at is not null and r.removing_at is null and (r.legal_hold or r.expires_at > now())
    and ($${values.length + 1}::uuid is null or r.session_id > $${values.length + 1}::uuid)
  order by r.session_id limit ${PAGE}`;

/** The recorded archive store. It counts once its marker was written to the store. */
export const KNOWN_STORE = 'select id, seal, place from archive_store where laid_at is not null';

/** Checks of the archive records. Their objects are read only with `--deep`. */
export function archiveChecks({ inScope }: ScopeSql): Check[] {
  const archive = (rule: RuleId, name: string, sql: string): Check => ({
    name,
    rules: [rule],
    sql,
    read: (row) => [finding(rule, row, { kind: 'archive', id: row.id ?? null, message: row.what ?? '' })],
  });
  return [
    archive(
      'SV501',
      'purged',
      `select ${ABOUT}, case when r.verified_at is null then 'its session was purged before the archive was verified'
              else 'it is marked as purged, but its session still exists' end as what
       from archives r left join sessions s on s.id = r.session_id
       where ${inScope('r')} and (r.verified_at is null and (r.purged_at is not null or s.id is null) or r.purged_at is not null and s.id is not null)`,
    ),
    archive(
      'SV502',
      'overdue',
      `select s.id, s.id as session_id, s.task_id, 'deleted ' || (now() - s.deleted_at) || ' ago and not archived' as what
       from sessions s where s.deleted_at < now() - interval '31 days' and ${inScope('s')}
         and not exists (select 1 from archives r where r.session_id = s.id and r.verified_at is not null)
         -- SV505 reports dead letters. Discarded ones need no archive.
         and not exists (select 1 from archive_claims c where c.session_id = s.id and c.dead_at is not null)`,
    ),
    archive(
      'SV505',
      'dead letters',
      `select c.session_id as id, c.session_id, c.task_id, 'dead since ' || c.dead_at || ' after ' || c.failures || ' tries: ' || coalesce(c.error_text, '?') as what
       from archive_claims c where c.dead_at is not null and c.discarded_at is null and ${inScope('c')}`,
    ),
    archive(
      'SV503',
      'counts',
      `select ${ABOUT}, 'it has ' || r.process_count || ' processes and ' || r.event_count || ' events, the session '
                || c.processes || ' and ' || c.events as what
       from archives r join sessions s on s.id = r.session_id and s.version = r.session_version
       cross join lateral (
         select (select count(*) from processes p where p.session_id = s.id) as processes,
                (select count(*) from session_events e where e.task_id = s.task_id and (e.session_id = s.id or e.predecessor_id = s.id)) as events) c
       where ${inScope('r')} and (r.process_count <> c.processes or r.event_count <> c.events)`,
    ),
    archive(
      'SV506',
      'retention',
      `select ${ABOUT}, 'its retention ended at ' || r.expires_at as what from archives r
       where r.expires_at < now() - interval '1 day' and not r.legal_hold and r.removed_at is null and ${inScope('r')}`,
    ),
  ];
}
