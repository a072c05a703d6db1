import type { Check } from '../check.ts';
import { reported } from './event-types.ts';
import { faultCheck } from './fault-check.ts';
import type { ScopeSql } from './scope.ts';

/** The event of the start of process `r`, if it is of a release that recorded what the process was asked to resume. */
const RETRY_IS_TOLD = `exists (
  select 1 from session_events e where e.task_id = s.task_id and e.session_id = s.id and e.type = 'turn-started'
    and e.detail ->> 'process_id' = r.id::text and e.detail ? 'pre_retry_session_id')`;

/** The newest process `m` before the retry `r` of which the condition is true. */
const newestBefore = (condition: string): string =>
  `(select max(m.seq) from processes m where m.session_id = r.session_id and m.seq < r.seq and ${condition})`;

/**
 * A retry takes back the processes between the one that made the conversation and itself. Releases without that event
 * let an earlier process report another conversation afterwards, so for these any later retry is accepted. A process may
 * have reported another conversation after the one that the retry resumed.
 */
export const droppedCheck = ({ sessions }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV211',
    name: 'dropped processes',
    kind: 'process',
    fewRows: true,
    sql: `
      select p.id, p.task_id, p.attempt_id, p.session_id, 'it is marked as taken back, but no later process of its session was a retry that did that' as what
      from processes p join sessions s on s.id = p.session_id
      where ${sessions} and p.dropped and not exists (
        select 1 from processes r
        where r.session_id = p.session_id and r.seq > p.seq and r.pre_retry_session_id is not null
          and (not ${RETRY_IS_TOLD} or p.seq > coalesce(
            ${newestBefore('m.agent_session_id = r.pre_retry_session_id')}, ${newestBefore(reported('m', 'r.pre_retry_session_id'))})))`,
  });

/** The process of the ending `e` was passed a conversation that `p` reported. */
const PASSED_TOLD = `exists (
  select 1 from session_events b where b.task_id = e.task_id and b.session_id = e.session_id and b.type = 'turn-started'
    and b.detail ->> 'process_id' = e.detail ->> 'process_id' and b.detail ->> 'passed_session_id' = any (told.ids))`;

/**
 * A conversation that the agent lost is marked on every process of the slot that reported it. The loss is told by the
 * start or the end of a process of any session of the slot; a slot with events of releases that did not record losses is
 * not judged. A process that was passed an earlier conversation and lost it remembers that itself.
 */
export const invalidatedCheck = ({ sessions }: ScopeSql): Check =>
  faultCheck({
    rule: 'SV211',
    name: 'invalidated processes',
    kind: 'process',
    fewRows: true,
    sql: `
      select p.id, p.task_id, p.attempt_id, p.session_id, 'its conversation is marked as lost, but no event records that' as what
      from processes p join sessions s on s.id = p.session_id
      cross join lateral (
        select array(
          select e.detail ->> 'agent_session_id' from session_events e
          where e.task_id = s.task_id and e.session_id = s.id and e.detail ->> 'process_id' = p.id::text) || p.agent_session_id as ids) told
      where ${sessions} and p.invalidated and not exists (
        select 1 from session_events e
        where e.task_id = s.task_id and e.phase = s.phase and e.mode = s.mode
          and case e.type
            when 'turn-started' then (e.detail ? 'lost_session_id') is not true or e.detail ->> 'lost_session_id' = any (told.ids)
            when 'turn-finished' then (e.detail ? 'invalidates') is not true
              or e.detail ->> 'invalidates' = 'true' and (e.detail ->> 'process_id' = p.id::text or ${PASSED_TOLD}) end)`,
  });
