/**
 * Columns of `history`, the format common to all sources, with one row per process.
 * - `thread`: the unit within which a conversation continues; `nth`: the order in it
 * - `owner`: the unit to which a conversation belongs
 * - `action`: `initial`, `follow-up`, or null if it cannot be read
 * - `passed`, `told`: the ids given to the agent and reported by it; `pre_retry`: the id that a retry names
 * - `doubt`: why it cannot be decided whether the process started correctly, if the data for that is missing
 * - `skip_context`, `dropped`, `invalidated`: `yes` or `no`; `skip_context` may be `unknown`
 * - `invalidated_by`: the `nth` of the process for which the agent no longer knew the id, if it is known
 * - `fresh_because`: why a fresh conversation is correct whatever the model, null if the model decides
 * - `model_known`: `no` if only the agent and the name of its profile are known
 * - `resolved`: the model that the name stood for
 * - `taken_up`: the id of an earlier conversation with which the thread started
 * - `kept_through`: the last `nth` up to which the user kept the conversation for another model
 * - `status`: `running` or `ended`
 */
export const HISTORY_COLUMNS = [
  'id',
  'task_id',
  'attempt_id',
  'session_id',
  'thread',
  'owner',
  'nth',
  'action',
  'passed',
  'doubt',
  'told',
  'pre_retry',
  'skip_context',
  'fresh_because',
  'dropped',
  'invalidated',
  'invalidated_by',
  'agent',
  'variant',
  'model',
  'model_known',
  'resolved',
  'parameters',
  'taken_up',
  'kept_through',
  'status',
  'started_at',
  'ended_at',
] as const;

/** The statements below run unchanged on PostgreSQL and on SQLite. */
const NUMBERED = `
  select p.id, p.thread, p.nth, p.action, p.passed, p.skip_context, p.agent, p.variant, p.model, p.resolved, p.parameters,
         row_number() over w as n, lag(p.told) over w as before_told, lag(p.dropped) over w as before_dropped,
         lag(p.agent) over w as before_agent, lag(p.variant) over w as before_variant,
         lag(p.model) over w as before_model, lag(p.resolved) over w as before_resolved, lag(p.parameters) over w as before_parameters
  from history p window w as (partition by p.thread order by p.nth, p.id)`;

/**
 * Cheap pre-filter. It is true for every process that is not obviously correct: the first is initial, and each later
 * one passes the id that its predecessor, which was not dropped, reported, with the same model.
 */
const NOT_PLAINLY_RIGHT = `
  action is null or (n = 1 and (action <> 'initial' or passed is not null)) or (n > 1 and action = 'initial')
  or (n > 1 and (passed is distinct from before_told or before_dropped = 'yes')) or (skip_context = 'yes' and passed is not null)
  or (n > 1 and (model is distinct from before_model or agent is distinct from before_agent or variant is distinct from before_variant
                 or resolved is distinct from before_resolved or parameters is distinct from before_parameters))`;

const spoken = (alias: string, side: string): string =>
  ['id', 'nth', 'told', 'dropped', 'agent', 'variant', 'model', 'model_known', 'resolved', 'parameters']
    .map((column) => `${alias}.${column} as ${side}_${column}`)
    .join(', ');

/** A maker is in the same thread, or the thread started with its conversation: then it is in another of the owner. */
const HERE = 'x.thread = t.thread and x.nth < t.nth';
const BEFORE_THREAD = 't.passed = h.taken_up and x.owner = h.owner and x.thread <> t.thread';

/** The process that reported the passed id before its present one, from a table with `agent_session_id` and `process_id`. */
const earlierMaker = (earlierIds: string | undefined, where: string): string =>
  earlierIds === undefined
    ? 'null'
    : `(select x.id from ${earlierIds} e join history x on x.id = e.process_id
     where e.agent_session_id = t.passed and ${where} order by x.dropped, x.started_at desc, x.id desc limit 1)`;

/**
 * Whether the process `x`, before `h` in its thread, was part of the conversation when `h` started. A process that was
 * dropped later was dropped together with `h`, unless a retry between both had gone back to before it.
 */
const NOT_DROPPED_YET = `
  (x.dropped = 'no' or h.dropped = 'yes' and not exists (
    select 1 from history r where r.thread = t.thread and r.nth > x.nth and r.nth < h.nth and r.pre_retry is not null and x.nth > (
      select max(m.nth) from history m where m.thread = t.thread and m.nth < r.nth and m.told = r.pre_retry)))`;

/** The latest id that an earlier process of the thread reported, of those for which the condition is true. */
const lastTold = (condition: string): string => `(
    select x.told from history x where x.thread = t.thread and x.nth < t.nth and x.told is not null and ${condition}
    order by x.nth desc, x.id desc limit 1)`;

/**
 * Extends the selected turns to full rows, with the previous process (`prev`), the latest process whose id was still
 * valid (`kept`) and the process that reported the passed id (`maker`).
 */
const withMakers = (from: string, earlierIds?: string): string => `
  select t.n, ${lastTold(`x.dropped = 'no'`)} as last_told, ${lastTold(NOT_DROPPED_YET)} as told_then, ${HISTORY_COLUMNS.map((column) => `h.${column}`).join(', ')}, ${spoken('v', 'prev')}, ${spoken('k', 'kept')}, ${spoken('m', 'maker')}
  from (${from}) t left join history h on h.id = t.id
  left join history v on v.id = (select x.id from history x where x.thread = t.thread and x.nth < t.nth order by x.nth desc, x.id desc limit 1)
  left join history k on k.id = (
    select x.id from history x where x.thread = t.thread and x.nth < t.nth and x.told is not null and x.dropped = 'no'
      and (x.invalidated = 'no' or x.invalidated_by >= h.nth)
      -- A process that ended after this one started may have reported its id only then, so it could not be passed yet.
      and (x.ended_at is null or x.ended_at <= h.started_at)
    order by x.nth desc, x.id desc limit 1)
  left join history m on m.id = coalesce(
    (select x.id from history x where ${HERE} and x.told = t.passed order by x.dropped, x.nth desc, x.id desc limit 1),
    ${earlierMaker(earlierIds, HERE)},
    (select x.id from history x where ${BEFORE_THREAD} and x.told = h.taken_up order by x.dropped, x.started_at desc, x.id desc limit 1),
    ${earlierMaker(earlierIds, BEFORE_THREAD)})`;

export const suspiciousTurns = (earlierIds?: string): string =>
  withMakers(`select * from (${NUMBERED}) numbered where ${NOT_PLAINLY_RIGHT}`, earlierIds);

/** All turns, to show the timeline of an attempt. */
export const everyTurn = (earlierIds?: string): string =>
  `${withMakers(`select * from (${NUMBERED}) numbered`, earlierIds)} order by h.nth, h.id`;
