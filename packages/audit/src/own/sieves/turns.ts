import { FEW_SWEEPS, inTheFuture } from '../tolerances.ts';
import { MOST_BOOKED, TOTALS } from '../usage.ts';

/**
 * Sessions whose turns are not obviously correct. In a correct session the first turn passes no id, each later turn
 * passes the id that its predecessor reported, and all use the model of the session; so the passed ids are the reported
 * ids without the last one, which is the conversation of the session. One scan in index order with aggregates is cheaper
 * than a window function over the same rows.
 */
export const TURNS_SIEVE = `
  select session_id as id from (
    select p.session_id, count(*) as processes, count(distinct p.seq) as places, count(p.passed_session_id) as resumed, count(p.agent_session_id) as reported,
           min(p.seq) as first, min(p.seq) filter (where p.passed_session_id is null) as afresh,
           max(p.seq) as last, max(p.seq) filter (where p.agent_session_id is null) as silent,
           string_agg(p.passed_session_id, e'\\x1f' order by p.seq) as passed, string_agg(p.agent_session_id, e'\\x1f' order by p.seq) as told,
           count(*) filter (where p.status = 'running') as running,
           ${TOTALS.map((total) => `sum(p.${total}) as booked_${total}`).join(', ')}, min(least(${TOTALS.map((total) => `p.${total}`).join(', ')})) as least_total,
           bool_and((
             p.task_id = s.task_id and p.generation = s.generation
             and p.agent = s.agent and p.variant is not distinct from s.variant and p.model is not distinct from s.model
             and p.resolved_model is not distinct from s.resolved_model
             and p.parameters = s.parameters
             and (p.action = 'CodingAgentInitialRequest') = (p.passed_session_id is null) and not (p.skip_context and p.passed_session_id is not null)
             and (p.action = 'CodingAgentFollowUpRequest') = (p.reason = 'same-model')
             and not p.dropped and not p.invalidated
             and p.started_at is not null and (p.ended_at is null or p.ended_at >= p.started_at)) is true) as as_its_session,
           min(p.started_at) as first_start, max(p.started_at) as last_start, max(p.ended_at) as last_end
    from processes p left join sessions s on s.id = p.session_id
    group by p.session_id) turns
  left join sessions s on s.id = turns.session_id
  where (
    as_its_session and first_start >= s.created_at and (s.deleted_at is null or last_start <= s.deleted_at + interval '1 second')
    and not (${inTheFuture('greatest(last_start, last_end)')}) and running <= 1 and places = processes
    and resumed = processes - 1 and afresh = first and s.taken_up is null and s.conversation_of is null and s.kept_through is null
    -- The last turn may not have reported its id yet.
    and reported >= processes - 1 and coalesce(silent, last) = last
    and (processes = 1
      or (case when reported = processes then starts_with(told, passed || e'\\x1f') else told = passed end
        -- No id contains the separator.
        and octet_length(told) - octet_length(replace(told, e'\\x1f', '')) = reported - 1))
    and case reported when 0 then s.agent_session_id is null when 1 then told = s.agent_session_id
                      else right(told, length(s.agent_session_id) + 1) = e'\\x1f' || s.agent_session_id end
    and (running = 1) = (s.lease_expires_at is not null) and (running = 0 or s.lease_expires_at >= now() - ${FEW_SWEEPS})
    and case s.status when 'running' then running = 1 when 'ready' then running = 0 when 'pending' then false else true end
    and least_total >= 0 and ${TOTALS.map((total) => `s.${total} = least(${MOST_BOOKED}, booked_${total})`).join(' and ')}
  ) is not true`;
