import { type Check, finding } from '../check.ts';
import type { ScopeSql } from './scope.ts';

/**
 * SQL condition: the attempt belongs to another task. The turns of a milestone session may use attempts of any task of
 * its project.
 */
const OTHER_TASK = `(p.task_id <> a.task_id and not (s.milestone_id is not null and exists (
      select 1 from tasks x join tasks y on y.project_id = x.project_id where x.id = p.task_id and y.id = a.task_id)))`;

/**
 * Compares each process with its session and its attempt. A deletion reads the clock under the lock of the slot and a
 * turn under that of the session, so their times may be swapped by a moment; up to one second is accepted.
 */
export const processesCheck = ({ processes }: ScopeSql): Check => ({
  name: 'processes',
  rules: ['SV301', 'SV206'],
  sql: `
    select p.id, p.task_id, p.attempt_id, p.session_id,
           case when s.id is null then 'session' when a.id is null then 'attempt' when p.task_id <> s.task_id or ${OTHER_TASK} then 'task'
                else 'late' end as what
    from processes p left join sessions s on s.id = p.session_id left join attempts a on a.id = p.attempt_id
    where ${processes} and (s.id is null or a.id is null or p.task_id <> s.task_id or ${OTHER_TASK} or p.started_at > s.deleted_at + interval '1 second')`,
  read: (row) => {
    const about = { kind: 'process' as const, id: row.id ?? null };
    switch (row.what) {
      case 'late':
        return [
          finding('SV206', row, { ...about, message: `it started after its session ${row.session_id} was deleted` }),
        ];
      case 'task':
        return [finding('SV301', row, { ...about, message: 'its session or its attempt belongs to another task' })];
      default:
        return [finding('SV301', row, { ...about, message: `its ${row.what} does not exist` })];
    }
  },
});
