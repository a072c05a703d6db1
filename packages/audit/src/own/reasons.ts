import type { Check } from '../check.ts';
import { faultCheck } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';

/** The event of the start gives the same reason. SV211 reports another one, so that each corruption is reported once. */
const AS_TOLD = `exists (
  select 1 from session_events e where e.task_id = s.task_id and e.session_id = s.id and e.type = 'turn-started'
    and e.detail ->> 'process_id' = p.id::text and e.reason = p.reason)`;

const IS_FIRST = `not exists (select 1 from processes b where b.session_id = s.id and b.seq < p.seq)`;

/** Reasons that do not fit the action. The rules on actions report an action that is itself wrong. */
export const actionReasonsCheck = ({ sessions }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV109',
    name: 'reasons of actions',
    kind: 'process',
    fewRows: true,
    sql: `
      select p.id, p.task_id, p.attempt_id, p.session_id,
             case p.action when 'CodingAgentInitialRequest' then 'it began a conversation, but its reason is same-model'
                           else format('it resumed a conversation, but its reason is %s', p.reason) end as what
      from processes p join sessions s on s.id = p.session_id
      where ${sessions} and (p.action = 'CodingAgentFollowUpRequest') <> (p.reason = 'same-model')
        and case when ${IS_FIRST} then p.passed_session_id is not distinct from s.taken_up else p.passed_session_id is not null end
        and ${AS_TOLD}`,
  });

/**
 * Reasons of first processes. A process that starts with its session has the reason for which the session replaced
 * another one, all others begin because they are the first. Outside the guard nothing is replaced, so the reason is
 * recorded only with the process.
 */
export const firstReasonsCheck = ({ inScope }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV109',
    name: 'reasons of first processes',
    kind: 'process',
    fewRows: true,
    sql: `
      select p.id, p.task_id, p.attempt_id, p.session_id,
             format('its reason is %s, but its session began because of %s', p.reason, coalesce(born.reason, 'nothing')) as what
      from processes p join sessions s on s.id = p.session_id
      join session_events born on born.task_id = s.task_id and born.session_id = s.id and born.type in ('created', 'replaced')
      where ${inScope('s')} and p.action = 'CodingAgentInitialRequest' and p.reason not in ('first', 'same-model')
        and p.reason is distinct from born.reason and ${IS_FIRST} and ${AS_TOLD}`,
  });
