import { type Check, finding } from '../check.ts';
import type { SubjectKind } from '../finding.ts';
import { BIRTHS, BORN_WITH_MODEL } from './event-types.ts';
import { faultCheck } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';

export const orphanSessions = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV301',
    name: 'orphans',
    kind: 'session',
    sql: `
      select s.id, s.id as session_id, s.task_id, 'its task does not exist' as what
      from sessions s where ${inScope('s')} and not exists (select 1 from tasks t where t.id = s.task_id)
      union all
      select distinct e.session_id, e.session_id, e.task_id, 'it has events, but neither a row nor an archive'
      from session_events e where ${inScope('e')} and not exists (select 1 from sessions s where s.id = e.session_id)
        and not exists (select 1 from archives r where r.session_id = e.session_id)`,
  });

/** Events that are not recorded for the task, slot and generation of their session. Other rules compare some types. */
export const misplacedEvents = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV301',
    name: 'misplaced events',
    kind: 'session',
    sql: `
      select distinct on (e.task_id, e.session_id) e.session_id as id, e.session_id, e.task_id,
             format('its event %s is recorded for another task, slot or generation', e.type) as what
      from session_events e join sessions s on s.id = e.session_id
      where ${inScope('e')}
        and (e.task_id <> s.task_id or e.type not in ('deleted', 'turn-started', 'turn-lost', 'turn-finished') and e.type not in ${BIRTHS}
             and (e.phase, e.mode, e.generation) is distinct from (s.phase, s.mode, s.generation))
      order by e.task_id, e.session_id, e.id`,
  });

/** Attempts, slots and tasks without an owner. */
export const ownerlessRows = ({ inScope }: ScopeSql): Check => ({
  name: 'owners',
  rules: ['SV301'],
  sql: `
    select 'task' as kind, a.task_id::text as id, a.task_id, a.id as attempt_id, format('its attempt %s exists, but the task does not', a.id) as what
    from attempts a where ${inScope('a')} and not exists (select 1 from tasks t where t.id = a.task_id)
    union all
    select 'slot', format('%s/%s/%s', g.task_id, g.phase, g.mode), g.task_id, null, 'its task does not exist'
    from slots g where ${inScope('g')} and not exists (select 1 from tasks t where t.id = g.task_id)
    union all
    select 'task', t.task_id::text, t.task_id, null, 'its project does not exist'
    from (select id as task_id, project_id from tasks) t
    where ${inScope('t')} and not exists (select 1 from projects o where o.id = t.project_id)`,
  read: (row) => {
    const kind: SubjectKind = row.kind === 'slot' ? 'slot' : 'task';
    return [finding('SV301', row, { kind, id: row.id ?? null, message: row.what ?? '' })];
  },
});

/**
 * Log lines, earlier ids and feedback of a session that does not exist, and log lines and earlier ids of no process of
 * their session. From migration 0024 on, no line is written without a process.
 */
export const strayParts = ({ inScope, ofSessions, withUnknown }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV301',
    name: 'parts of sessions',
    kind: 'session',
    sql: `
      select l.session_id as id, l.session_id, s.task_id,
             case when s.id is null then 'it has log lines, but does not exist'
                  when l.process_id is null then format('it has log lines, such as %s, of no process', l.id)
                  else format('it has log lines, such as %s, of the process %s, which is not one of its own', l.id, l.process_id) end as what
      from (
        select l.session_id, l.process_id, min(l.id) as id from session_logs l where ${ofSessions('l')} group by l.session_id, l.process_id) l
      left join sessions s on s.id = l.session_id
      left join processes p on p.id = l.process_id and p.session_id = l.session_id
      where s.id is null and ${withUnknown} or ${inScope('s')} and p.id is null and case when l.process_id is null then ${BORN_WITH_MODEL} else true end
      union all
      select distinct on (e.session_id, e.process_id) e.session_id, e.session_id, s.task_id,
             case when s.id is null then 'it has earlier ids of conversations, but does not exist'
                  else format('it has the earlier id %s of the process %s, which is not one of its own', e.agent_session_id, e.process_id) end
      from (select * from earlier_conversations e where ${ofSessions('e')}) e
      left join sessions s on s.id = e.session_id
      left join processes p on p.id = e.process_id and p.session_id = e.session_id
      where s.id is null and ${withUnknown} or ${inScope('s')} and p.id is null
      union all
      select distinct f.session_id, f.session_id, null::uuid, 'it has feedback, but does not exist'
      from feedback f where ${withUnknown} and not exists (select 1 from sessions s where s.id = f.session_id)`,
  });
