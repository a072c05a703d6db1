/**
 * Sessions whose turns are not obviously correct. In a correct session the first turn passes no id, each later turn
 * passes the id that its predecessor reported, and all use the model of the session; so the passed ids are the reported
 * ids without the last one. One scan in index order with aggregates is cheaper than a window function over the same
 * rows.
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
    -- The last turn may not have reported its id yet.
    and reported >= turns - 1 and coalesce(silent, last) = last
    and (turns = 1
      or (case when reported = turns then starts_with(told, passed || e'\\x1f') else told = passed end
        -- No id contains the separator.
        and octet_length(told) - octet_length(replace(told, e'\\x1f', '')) = reported - 1))) is not true`;
