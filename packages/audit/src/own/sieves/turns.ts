/**
 * Sessions whose turns are not plainly right, each with what its row says. The first began afresh and each other passed what the one before it
 * reported, so the ids passed are the ids reported but for the last; and all spoke to the model of their session. One reading in the order of an
 * index, joined in passing: a window over the same rows that remembers the turn before costs more than all this.
 */
export const TURNS_SIEVE = `
  select session_id as id from (
    select p.session_id, count(*) as turns, count(distinct p.seq) as places, count(p.passed_session_id) as resumed, count(p.agent_session_id) as reported,
           min(p.seq) as first, min(p.seq) filter (where p.passed_session_id is null) as afresh,
           max(p.seq) as last, max(p.seq) filter (where p.agent_session_id is null) as silent,
           string_agg(p.passed_session_id, e'\\x1f' order by p.seq) as passed, string_agg(p.agent_session_id, e'\\x1f' order by p.seq) as told,
           count(*) filter (where p.status = 'running') as running,
           bool_or(s.agent_session_id is null or p.agent_session_id = s.agent_session_id) as named_one_of_them,
           bool_and((
             p.task_id = s.task_id and p.agent = s.agent and p.variant is not distinct from s.variant and p.model is not distinct from s.model
             and p.resolved_model is not distinct from s.resolved_model
             and p.parameters = s.parameters
             and (p.action = 'CodingAgentInitialRequest') = (p.passed_session_id is null) and not (p.skip_context and p.passed_session_id is not null)
             and (s.deleted_at is null or p.started_at <= s.deleted_at + interval '1 second')) is true) as as_its_session
    from processes p left join sessions s on s.id = p.session_id
    group by p.session_id) sessions
  where (
    as_its_session and named_one_of_them and running <= 1 and places = turns
    and resumed = turns - 1 and afresh = first
    -- The last may not have told its id yet.
    and reported >= turns - 1 and coalesce(silent, last) = last
    and (turns = 1
      or (case when reported = turns then starts_with(told, passed || e'\\x1f') else told = passed end
        -- No id holds what stands between them.
        and octet_length(told) - octet_length(replace(told, e'\\x1f', '')) = reported - 1))) is not true`;
