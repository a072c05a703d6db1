import type { ObraQuery } from './obra-query.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** The recorded use of each session, against its interactions and the use of its context window. */
export function obraUsageQueries(file: SqliteFile): ObraQuery[] {
  const hasWindows = file.has('context_window_usage', 'session_id', 'task_id', 'cumulative_tokens');
  const measures = [
    { column: 'total_tokens', total: 'total_tokens', unit: 'tokens' },
    { column: 'num_turns', total: 'total_turns', unit: 'turns' },
  ].filter(({ column }) => file.has('interaction', column));
  return [
    { rule: 'SV405', sql: zeroUse(belongsToMilestone(file), hasWindows) },
    ...measures.map(({ column, total, unit }): ObraQuery => ({ rule: 'SV405', sql: differs(column, total, unit) })),
    ...(hasWindows ? [DANGLING] : []),
  ];
}

const hasUse = (alias: string): string =>
  `(coalesce(${alias}.total_turns, 0) > 0 or coalesce(${alias}.total_tokens, 0) > 0)`;

/**
 * SQL condition: the iteration `o` belongs to the milestone of `r`. Obra creates the sessions of iterations without a
 * milestone; their task names it, or else they ran during the session of the milestone.
 */
const belongsToMilestone = (file: SqliteFile): string =>
  `(o.milestone_id = r.milestone_id or (o.milestone_id is null and ${
    file.has('task', 'id', 'epic_id')
      ? 'exists (select 1 from task t where t.id = o.task_id and t.epic_id = r.milestone_id)'
      : `julianday(o.started_at) >= julianday(r.started_at) and (r.ended_at is null or julianday(o.started_at) <= julianday(r.ended_at))`
  }))`;

const zeroUse = (belongs: string, hasWindows: boolean): string => `
  select id, task_id, 'it has no recorded use, although ' || case
      when interactions > 0 then interactions || ' interactions ran in it'
      when iterations > 0 then iterations || ' sessions of its milestone ' || milestone_id || ' ran'
      else 'its context window was used' end as what
  from (
    select r.session_id as id, r.task_id, r.milestone_id,
           (select count(*) from interaction i where i.agent_session_id = r.session_id) as interactions,
           (select count(*) from session_record o
            where r.milestone_id is not null and r.task_id is null and o.task_id is not null and o.session_id <> r.session_id
              and o.project_id is r.project_id and ${belongs}
              and (${hasUse('o')} or exists (select 1 from interaction i where i.agent_session_id = o.session_id))) as iterations,
           ${hasWindows ? '(select count(*) from context_window_usage u where u.session_id = r.session_id and u.cumulative_tokens > 0)' : '0'} as windows
    from session_record r where not ${hasUse('r')})
  where interactions > 0 or iterations > 0 or windows > 0`;

/**
 * A session whose total is not the sum of its interactions. Obra adds to the total first, so the total of an active
 * session may be ahead. An interaction without a number leaves the sum unknown.
 */
const differs = (column: string, total: string, unit: string): string => `
  select id, task_id, 'it has ' || total || ' ${unit}, but its ' || interactions || ' interactions have ' || used as what
  from (
    select r.session_id as id, r.task_id, r.status, coalesce(r.${total}, 0) as total, count(*) as interactions, sum(i.${column}) as used
    from session_record r join interaction i on i.agent_session_id = r.session_id
    where ${hasUse('r')} group by r.session_id having count(i.${column}) = count(*))
  where total < used or (total > used and status <> 'active')`;

const DANGLING: ObraQuery = {
  rule: 'SV408',
  sql: `
    select u.session_id as id, max(u.task_id) as task_id, count(*) || ' rows of context_window_usage name it, but it has no session record' as what
    from context_window_usage u where not exists (select 1 from session_record r where r.session_id = u.session_id)
    group by u.session_id`,
};
