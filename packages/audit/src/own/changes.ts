import { ownHistory } from './history.ts';
import type { ScopeSql } from './scope.ts';

/**
 * SQL for the turns that changed the model of their slot; `compareLogs` expects a line in the service log for each. The
 * `turn-started` event records the change and is kept when the process is purged. Events of earlier releases do not
 * record it: for those, the process, its session and the replaced session, or the tombstone of that, show the change. If
 * their own session was purged, the change is unknown: the turn is returned as `optional`, and neither a log line nor a
 * missing one is a finding.
 */
export const changesOf = (scope: ScopeSql): string => `
  ${ownHistory(scope)},
  turn as (
    select e.detail ->> 'process_id' as id, e.task_id, e.detail ->> 'attempt_id' as attempt_id, e.session_id, e.detail ? 'model_change' as changed
    from session_events e where e.type = 'turn-started' and ${scope.inScope('e')}
  )
  select id, task_id::text, attempt_id, session_id::text, 'no' as optional from turn where changed
  union all
  select p.id::text, p.task_id::text, p.attempt_id::text, p.session_id::text, 'no'
  from history p join sessions s on s.id = p.session_id
  left join sessions o on o.id = s.predecessor_id left join archives d on d.session_id = s.predecessor_id
  where p.action = 'initial' and 'model-changed' in (p.reason, o.deleted_reason, d.deleted_reason)
    and not exists (select 1 from session_events e where e.task_id = p.task_id and e.type = 'turn-started'
                    and e.detail ->> 'process_id' = p.id::text and e.detail ? 'attempt_id')
  union all
  select id, task_id::text, attempt_id, session_id::text, 'yes'
  from turn t where attempt_id is null and exists (select 1 from archives r where r.session_id = t.session_id and r.purged_at is not null)`;
