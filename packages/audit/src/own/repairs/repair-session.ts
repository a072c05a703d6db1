import { literal } from './literal.ts';
import type { Change, SessionChanges } from './session-changes.ts';
import type { ToldSession } from './told-session.ts';

const seen = (alias: string, changes: readonly Change[]): string =>
  `(${changes.map(({ column }) => `${alias}.${column}`).join(', ')}) is not distinct from (${changes.map((one) => literal(one.seen)).join(', ')})`;

const assignments = (changes: readonly Change[]): string =>
  changes.map(({ column, set }) => `${column} = ${set}`).join(', ');

/**
 * One statement that sets the columns, all or none: only while the session has the version and the number of events that
 * the audit saw, and each column its value. Every change of a session raises its version or adds an event.
 */
export function repairSession({ session, events }: ToldSession, { session: own, processes }: SessionChanges): string {
  const id = literal(session.id ?? null);
  const conditions = [
    `s.id = ${id} and s.version = ${session.version}`,
    ...(own.length > 0 ? [seen('s', own)] : []),
    `(select count(*) from session_events e where e.task_id = s.task_id
       and (e.session_id = s.id or e.type = 'replaced' and e.predecessor_id = s.id)) = ${events.length}`,
    ...processes.map(
      (one) => `exists (select from processes p where p.id = ${literal(one.id)} and ${seen('p', one.changes)})`,
    ),
  ];
  const mended = processes.map(
    (one, nth) => `, mended_${nth + 1} as (
  update processes p set ${assignments(one.changes)} from held where p.id = ${literal(one.id)})`,
  );
  return `with held as (
  select s.id from sessions s
  where ${conditions.join('\n    and ')}
  for no key update)${mended.join('')}
update sessions s set ${[assignments(own), ...marks(own)].filter((part) => part !== '').join(', ')}
from held where s.id = held.id;`;
}

/**
 * The session counts the repair as a change, so that nobody writes what was decided on the wrong state. A trigger keeps
 * `updated_at` from going back with a new version.
 */
function marks(own: readonly Change[]): string[] {
  const sets = (column: string): boolean => own.some((one) => one.column === column);
  if (sets('updated_at')) return [];
  return [...(sets('version') ? [] : ['version = s.version + 1']), 'updated_at = clock_timestamp()'];
}
