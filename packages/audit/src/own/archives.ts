import { type Check, finding } from '../check.ts';
import type { RuleId } from '../rules.ts';
import type { ScopeSql } from './scope.ts';

const ABOUT = 'r.session_id as id, r.session_id, r.task_id';

/** Archives as the database knows them; their objects are looked at with --deep. */
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
              else 'it is marked as purged, yet its session is there' end as what
       from archives r left join sessions s on s.id = r.session_id
       where ${inScope('r')} and (r.verified_at is null and (r.purged_at is not null or s.id is null) or r.purged_at is not null and s.id is not null)`,
    ),
    archive(
      'SV502',
      'overdue',
      `select s.id, s.id as session_id, s.task_id, 'deleted ' || (now() - s.deleted_at) || ' ago and not archived' as what
       from sessions s where s.deleted_at < now() - interval '31 days' and ${inScope('s')}
         and not exists (select 1 from archives r where r.session_id = s.id and r.verified_at is not null)`,
    ),
    archive(
      'SV503',
      'counts',
      `select ${ABOUT}, 'it has ' || r.process_count || ' processes and ' || r.event_count || ' events, the session '
                || c.processes || ' and ' || c.events as what
       from archives r join sessions s on s.id = r.session_id and s.version = r.session_version
       cross join lateral (
         select (select count(*) from processes p where p.session_id = s.id) as processes,
                (select count(*) from session_events e where e.task_id = s.task_id and e.session_id = s.id) as events) c
       where ${inScope('r')} and (r.process_count <> c.processes or r.event_count <> c.events)`,
    ),
    archive(
      'SV506',
      'retention',
      `select ${ABOUT}, 'it was to go at ' || r.expires_at as what from archives r
       where r.expires_at < now() - interval '1 day' and not r.legal_hold and ${inScope('r')}`,
    ),
  ];
}
