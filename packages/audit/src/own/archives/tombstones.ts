import { type Check, finding } from '../../check.ts';
import type { ScopeSql } from '../scope.ts';
import { DELETED_TOO_EARLY, toldOfArchives } from './told-of-archives.ts';

type Told = { readonly name: string; readonly recorded: string; readonly told: string; readonly known?: string };

/** SQL for a text that names a column whose recorded value differs from the one told elsewhere; null if it does not. */
const differing = ({ name, recorded, told, known = 'true' }: Told): string =>
  `case when ${known} and ${recorded} is distinct from ${told}
        then '${name} ' || coalesce(${recorded}::text, 'none') || ' instead of ' || coalesce(${told}::text, 'none') end`;
const differences = (columns: readonly Told[]): string =>
  `'it has ' || nullif(concat_ws(', ', ${columns.map(differing).join(', ')}), '')`;

const same = (column: string, told = column): Told => ({ name: column, recorded: `r.${column}`, told: `s.${told}` });

/** A record against the row of its session, of the version that was archived. */
const AGAINST_SESSION = differences([
  same('task_id'),
  same('phase'),
  same('mode'),
  same('agent'),
  same('variant'),
  same('model'),
  same('generation'),
  same('predecessor_id'),
  same('replaced_by'),
  same('session_created_at', 'created_at'),
  same('deleted_at'),
  same('deleted_reason'),
  { name: 'project_id', recorded: 'r.project_id', told: 'k.project_id', known: 'k.id is not null' },
]);

/**
 * A tombstone against the events of its session. A session of generation 0 may be from before events were recorded. The
 * events of earlier releases do not name the model.
 */
const AGAINST_EVENTS = differences([
  { name: 'phase', recorded: 'r.phase', told: 't.phase', known: 't.born' },
  { name: 'mode', recorded: 'r.mode', told: 't.mode', known: 't.born' },
  { name: 'generation', recorded: 'r.generation', told: 't.generation', known: '(t.born or r.generation > 0)' },
  { name: 'predecessor_id', recorded: 'r.predecessor_id', told: 't.predecessor_id', known: 't.born' },
  { name: 'session_created_at', recorded: 'r.session_created_at', told: 't.created_at', known: 't.born' },
  { name: 'agent', recorded: 'r.agent', told: 't.agent', known: 't.agent is not null' },
  { name: 'variant', recorded: 'r.variant', told: `(t.named ->> 'variant')`, known: 't.named is not null' },
  { name: 'model', recorded: 'r.model', told: `(t.named ->> 'model')`, known: 't.named is not null' },
  { name: 'deleted_reason', recorded: 'r.deleted_reason', told: 't.deleted_reason' },
  { name: 'deleted_at', recorded: 'r.deleted_at', told: 't.deleted_at', known: DELETED_TOO_EARLY },
  {
    name: 'replaced_by',
    recorded: 'r.replaced_by',
    told: 't.replaced_by',
    // The deletion event of a duplicate that was collapsed does not name the session that remained.
    known: `(t.ended_by = 'replaced' or t.deleted_reason <> 'collapsed')`,
  },
  { name: 'project_id', recorded: 'r.project_id', told: 'k.project_id', known: 'k.id is not null' },
]);

/** SV501 reports these records. */
const PURGED_WRONGLY = `(r.verified_at is null and (r.purged_at is not null or s.id is null) or r.purged_at is not null and s.id is not null)`;

/**
 * SV503 and SV509 in one pass: the counts and the identity in each archive record against its session or, once it was
 * purged, against its events.
 */
export function tombstonesCheck({ inScope }: ScopeSql): Check {
  return {
    name: 'tombstones',
    rules: ['SV503', 'SV509'],
    sql: `
      with told as (${toldOfArchives(inScope('r'))})
      select * from (
        select r.session_id as id, r.session_id, r.task_id,
          case when s.version = r.session_version then (
                 select 'it has ' || r.process_count || ' processes and ' || r.event_count || ' events, the session '
                        || c.processes || ' and ' || coalesce(t.events, 0)
                 from (select count(*) as processes from processes p where p.session_id = s.id) c
                 where r.process_count <> c.processes
                    -- Log lines that are appended later leave an event, but no new version of the session.
                    or r.event_count not between coalesce(t.events - t.appended, 0) and coalesce(t.events, 0))
               when s.id is null and t.events is not null and not ${PURGED_WRONGLY} and (r.process_count <> t.turns or r.event_count <> t.events)
               then 'it has ' || r.process_count || ' processes and ' || r.event_count || ' events, the history of the session '
                    || t.turns || ' and ' || t.events
          end as counts,
          case when ${PURGED_WRONGLY} then null
               when s.id is null and t.events is null then 'there is neither a session nor an event that it could be of'
               when s.id is null and r.purged_at is null then 'it is not marked as purged, but its session is gone'
               when s.deleted_at is null and s.id is not null then 'its session is live'
               when s.id is null and t.ended is not true then 'no event records the end of its session'
               when s.id is null then ${AGAINST_EVENTS}
               when s.version = r.session_version then ${AGAINST_SESSION}
          end as identity
        from archives r left join told t on t.session_id = r.session_id left join sessions s on s.id = r.session_id
        left join tasks k on k.id = r.task_id
        where ${inScope('r')}) judged
      where counts is not null or identity is not null`,
    read: (row) => {
      const { id = null, counts = null, identity = null } = row;
      return [
        ...(counts === null ? [] : [finding('SV503', row, { kind: 'archive', id, message: counts })]),
        ...(identity === null ? [] : [finding('SV509', row, { kind: 'archive', id, message: identity })]),
      ];
    },
  };
}
