import type { ScopeSql } from './scope.ts';

/**
 * Releases that did not fence each process let a process that had lost its lease report another id after the next one had
 * started. The id that the next one was passed is then in no row.
 */
const DOUBT = `
  case when p.passed_session_id is not null and exists (
    select 1 from processes x where x.session_id = p.session_id and x.seq < p.seq and x.agent_session_id is not null and x.ended_at > p.started_at)
  then 'an earlier process reported an id after this one had started, so it is unknown which id was the latest then' end`;

/** The table of the ids that processes reported before their present ones. */
export const EARLIER_IDS = 'earlier_conversations';

/**
 * Maps the processes of phaselock to `history`, the format common to all sources. The thread is the session, because a
 * fresh conversation always starts a new session. A conversation that a retry resumed in another session is owned by
 * the session it started in.
 */
export const ownHistory = ({ processes }: Pick<ScopeSql, 'processes'>): string => `
  with history as not materialized (
    select p.id, p.task_id, p.attempt_id, p.session_id, p.session_id as thread,
           coalesce(s.conversation_of, p.session_id) as owner, p.seq as nth,
           case when p.action = 'CodingAgentInitialRequest' then 'initial' else 'follow-up' end as action,
           p.passed_session_id as passed, ${DOUBT} as doubt, p.agent_session_id as told, p.pre_retry_session_id as pre_retry,
           case when p.skip_context then 'yes' else 'no' end as skip_context, null::text as fresh_because,
           case when p.dropped then 'yes' else 'no' end as dropped,
           case when p.invalidated then 'yes' else 'no' end as invalidated, null::int as invalidated_by,
           p.agent, p.variant, p.model, 'yes' as model_known,
           p.resolved_model as resolved, p.parameters, s.taken_up, s.kept_through,
           case when p.status = 'running' then 'running' else 'ended' end as status, p.started_at, p.ended_at, p.reason
    from processes p left join sessions s on s.id = p.session_id where ${processes}
  )`;
