/**
 * What every source tells of its processes, one row each, under the name `history`:
 * id, task_id, attempt_id, session_id · thread (within which a conversation goes on) and nth (its order there) · owner (to whom a conversation
 * belongs) · action (initial, follow-up, or null where it cannot be read) · passed, told (ids given to and reported by the agent) · pre_retry ·
 * skip_context, dropped, invalidated (yes or no) · agent, variant, model, parameters · status (running, ended) · started_at, ended_at.
 * The statements below run as they are on PostgreSQL and on SQLite.
 */
const NUMBERED = `
  select p.*, row_number() over w as n, lag(p.id) over w as prev_id, lag(p.told) over w as prev_told, lag(p.agent) over w as prev_agent,
         lag(p.variant) over w as prev_variant, lag(p.model) over w as prev_model, lag(p.parameters) over w as prev_parameters
  from history p window w as (partition by p.thread order by p.nth)`;

/** Cheap, and true of everything that is not plainly right: the first is initial, the next passes what the last one told, with the same model. */
const NOT_PLAINLY_RIGHT = `
  action is null or (n = 1 and (action <> 'initial' or passed is not null)) or (n > 1 and action = 'initial')
  or (n > 1 and passed is distinct from prev_told) or (skip_context = 'yes' and passed is not null)
  or (n > 1 and (agent is distinct from prev_agent or model is distinct from prev_model or variant is distinct from prev_variant
                 or parameters is distinct from prev_parameters))`;

/** With the process whose id was the latest still known, and the one that made the id that was passed. */
const withMakers = (from: string): string => `
  select t.*, k.id as kept_id, k.told as kept_told, k.agent as kept_agent, k.variant as kept_variant, k.model as kept_model,
         k.parameters as kept_parameters, m.id as maker_id, m.agent as maker_agent, m.variant as maker_variant, m.model as maker_model,
         m.parameters as maker_parameters
  from (${from}) t
  left join history k on k.id = (
    select x.id from history x where x.thread = t.thread and x.nth < t.nth and x.told is not null and x.dropped = 'no' and x.invalidated = 'no'
    order by x.nth desc limit 1)
  left join history m on m.id = (
    select x.id from history x where x.thread = t.thread and x.nth < t.nth and x.told = t.passed order by x.dropped, x.nth desc limit 1)`;

export const SUSPICIOUS_TURNS = withMakers(`select * from (${NUMBERED}) numbered where ${NOT_PLAINLY_RIGHT}`);

/** Of one attempt, all of them, to be shown. */
export const EVERY_TURN = `${withMakers(`select * from (${NUMBERED}) numbered`)} order by t.nth, t.id`;
