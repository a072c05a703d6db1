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
  'told',
  'pre_retry',
  'skip_context',
  'dropped',
  'invalidated',
  'agent',
  'variant',
  'model',
  'resolved',
  'parameters',
  'taken_up',
  'kept_through',
  'status',
  'started_at',
  'ended_at',
] as const;

/**
 * What every source tells of its processes, one row each, under the name `history`:
 * id, task_id, attempt_id, session_id · thread (within which a conversation goes on) and nth (its order there) · owner (to whom a conversation
 * belongs) · action (initial, follow-up, or null where it cannot be read) · passed, told (ids given to and reported by the agent) · pre_retry ·
 * skip_context, dropped, invalidated (yes or no) · agent, variant, model, resolved (what the name stood for), parameters · taken_up (an id from
 * before the thread, with which it began), kept_through (the place up to which the user kept it for another model) · status (running, ended) ·
 * started_at, ended_at.
 * The statements below run as they are on PostgreSQL and on SQLite.
 */
const NUMBERED = `
  select p.id, p.thread, p.nth, p.action, p.passed, p.skip_context, p.agent, p.variant, p.model, p.resolved, p.parameters,
         row_number() over w as n, lag(p.told) over w as before_told, lag(p.agent) over w as before_agent, lag(p.variant) over w as before_variant,
         lag(p.model) over w as before_model, lag(p.resolved) over w as before_resolved, lag(p.parameters) over w as before_parameters
  from history p window w as (partition by p.thread order by p.nth, p.id)`;

/** Cheap, and true of everything that is not plainly right: the first is initial, the next passes what the last one told, with the same model. */
const NOT_PLAINLY_RIGHT = `
  action is null or (n = 1 and (action <> 'initial' or passed is not null)) or (n > 1 and action = 'initial')
  or (n > 1 and passed is distinct from before_told) or (skip_context = 'yes' and passed is not null)
  or (n > 1 and (model is distinct from before_model or agent is distinct from before_agent or variant is distinct from before_variant
                 or resolved is distinct from before_resolved or parameters is distinct from before_parameters))`;

const spoken = (alias: string, side: string): string =>
  ['id', 'nth', 'told', 'agent', 'variant', 'model', 'resolved', 'parameters']
    .map((column) => `${alias}.${column} as ${side}_${column}`)
    .join(', ');

/** The little that was scanned becomes the whole process, with the one before it, the one whose id was the latest still known, and the maker of what was passed. */
const withMakers = (from: string): string => `
  select t.n, (
    select x.told from history x where x.thread = t.thread and x.nth < t.nth and x.told is not null and x.dropped = 'no'
    order by x.nth desc, x.id desc limit 1) as last_told, ${HISTORY_COLUMNS.map((column) => `h.${column}`).join(', ')}, ${spoken('v', 'prev')}, ${spoken('k', 'kept')}, ${spoken('m', 'maker')}
  from (${from}) t left join history h on h.id = t.id
  left join history v on v.id = (select x.id from history x where x.thread = t.thread and x.nth < t.nth order by x.nth desc, x.id desc limit 1)
  left join history k on k.id = (
    select x.id from history x where x.thread = t.thread and x.nth < t.nth and x.told is not null and x.dropped = 'no' and x.invalidated = 'no'
      -- One that fell silent and came home later may have told its id only then: nobody could have passed it yet.
      and (x.ended_at is null or x.ended_at <= h.started_at)
    order by x.nth desc, x.id desc limit 1)
  left join history m on m.id = coalesce(
    (select x.id from history x where x.thread = t.thread and x.nth < t.nth and x.told = t.passed order by x.dropped, x.nth desc, x.id desc limit 1),
    -- A thread that began with an earlier conversation: its maker is in another thread of the same owner.
    (select x.id from history x where t.passed = h.taken_up and x.told = h.taken_up and x.owner = h.owner and x.thread <> t.thread
     order by x.dropped, x.started_at desc, x.id desc limit 1))`;

export const SUSPICIOUS_TURNS = withMakers(`select * from (${NUMBERED}) numbered where ${NOT_PLAINLY_RIGHT}`);

/** Of one attempt, all of them, to be shown. */
export const EVERY_TURN = `${withMakers(`select * from (${NUMBERED}) numbered`)} order by h.nth, h.id`;
