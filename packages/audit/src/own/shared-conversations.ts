import type { Check } from '../check.ts';
import { sharedConversation } from '../checks/conversations.ts';
import type { ScopeSql } from './scope.ts';

/**
 * Finds conversations of the scope that another session also reported, in or out of the scope. Each id of the scope is
 * looked up in `processes_by_agent_session`, so the rest of the history is not read. The subject is the later process,
 * as in a full audit, but the finding has the ids of the process in the scope: of itself if it is in the scope, else of
 * the first one. In the audit of an attempt, each attempt of the task gets its own finding.
 */
export const sharedConversationsOf = ({ kind, processes }: Pick<ScopeSql, 'kind' | 'processes'>): Check => ({
  name: 'conversations',
  rules: ['SV401'],
  // A small scope has few ids; for a large one, the planner chooses between look-ups and a hash join.
  ...((kind === 'task' || kind === 'attempt') && { fewRows: true }),
  sql: `
    with mine as materialized (
      select p.id, p.task_id, p.attempt_id, p.session_id, p.agent_session_id as told
      from processes p where p.agent_session_id is not null and ${processes}),
    reported as (
      select p.id, p.task_id, m.told, coalesce(s.conversation_of, p.session_id) as owner, p.started_at, p.seq
      from (select distinct told from mine) m
      join processes p on p.agent_session_id = m.told left join sessions s on s.id = p.session_id),
    ranked as (
      select r.*, first_value(r.owner) over w as first_owner, first_value(r.task_id) over w as first_task
      from reported r window w as (partition by r.told order by r.started_at, r.seq, r.id)),
    -- Few conversations are shared, so only these are joined again.
    later as materialized (select * from ranked where owner <> first_owner)
    select distinct on (l.id${kind === 'attempt' ? ', m.attempt_id' : ''})
           l.id, l.told, l.owner, l.task_id as later_task, l.first_owner, l.first_task, m.task_id, m.attempt_id, m.session_id
    from later l join mine m on m.told = l.told
    order by l.id${kind === 'attempt' ? ', m.attempt_id' : ''}, m.id = l.id desc, m.id`,
  read: sharedConversation,
});

/**
 * The same for ids that a process reported before its present one: `processes` has only the present ones. Pairs of which
 * both have the id as their present one are reported by the check above.
 */
export const sharedEarlierConversations = ({ kind, processes }: Pick<ScopeSql, 'kind' | 'processes'>): Check => ({
  name: 'earlier conversations',
  rules: ['SV401'],
  ...((kind === 'task' || kind === 'attempt') && { fewRows: true }),
  sql: `
    with wanted as (
      select e.agent_session_id as told
      from processes p join earlier_conversations e on e.session_id = p.session_id and e.process_id = p.id where ${processes}
      union
      select p.agent_session_id from processes p
      where ${processes} and exists (select 1 from earlier_conversations e where e.agent_session_id = p.agent_session_id)),
    told as (
      select w.told, e.process_id as id from wanted w join earlier_conversations e on e.agent_session_id = w.told
      union
      select w.told, p.id from wanted w join processes p on p.agent_session_id = w.told),
    reported as (
      select t.told, p.*, p.agent_session_id is not distinct from t.told as is_present, coalesce(s.conversation_of, p.session_id) as owner
      from told t join processes p on p.id = t.id left join sessions s on s.id = p.session_id),
    ranked as (
      select r.*, first_value(r.owner) over firsts as first_owner, first_value(r.task_id) over firsts as first_task,
             first_value(r.owner) over of_present as first_present
      from reported r
      window firsts as (partition by r.told order by r.started_at, r.seq, r.id),
             of_present as (partition by r.told order by r.is_present desc, r.started_at, r.seq, r.id)),
    later as materialized (select * from ranked where owner <> first_owner and not (is_present and owner <> first_present)),
    mine as materialized (select p.* from reported p where ${processes})
    select distinct on (l.id, l.told${kind === 'attempt' ? ', m.attempt_id' : ''})
           l.id, l.told, l.owner, l.task_id as later_task, l.first_owner, l.first_task, m.task_id, m.attempt_id, m.session_id
    from later l join mine m on m.told = l.told
    order by l.id, l.told${kind === 'attempt' ? ', m.attempt_id' : ''}, m.id = l.id desc, m.id`,
  read: sharedConversation,
});
