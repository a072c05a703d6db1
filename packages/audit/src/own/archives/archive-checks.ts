import { type Check, finding } from '../../check.ts';
import type { RuleId } from '../../rules.ts';
import type { ScopeSql } from '../scope.ts';
import { tombstonesCheck } from './tombstones.ts';

const ABOUT = 'r.session_id as id, r.session_id, r.task_id';

/** The recorded archive store. It counts once its marker was written to the store. */
export const KNOWN_STORE = 'select id, seal, place, adopted_at from archive_store where laid_at is not null';

/** Checks of the archive records. Their objects are read only with `--deep`. */
export function archiveChecks(scope: ScopeSql): Check[] {
  const { inScope } = scope;
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
    tombstonesCheck(scope),
    archive(
      'SV506',
      'retention',
      `select ${ABOUT}, 'its retention ended at ' || r.expires_at as what from archives r
       where r.expires_at < now() - interval '1 day' and not r.legal_hold and r.removed_at is null and ${inScope('r')}`,
    ),
    archive(
      'SV511',
      'removals',
      `select ${ABOUT}, 'its removal began at ' || r.removing_at || case
                when r.legal_hold then ', under legal hold'
                when r.purged_at is null then ', before its session was purged'
                else ', before its retention ended at ' || r.expires_at end as what
       from archives r
       -- The clock of the server may step back a little while it is read twice.
       where r.removing_at is not null and (r.legal_hold or r.purged_at is null or r.removing_at < r.expires_at - interval '1 minute') and ${inScope('r')}`,
    ),
  ];
}
