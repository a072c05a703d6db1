/** SQL: the event `e` is the creation of the session of the archive record `r`. Generation 0 has other types of it. */
const BORN = `(e.session_id = r.session_id and e.type in ('created', 'replaced', 'created-beside', 'standalone-started'))`;
/** SQL: the event `e` is the end of the session of `r`. A replacement is recorded with the successor. */
const ENDED = `(e.session_id = r.session_id and e.type = 'deleted' or e.predecessor_id = r.session_id and e.type = 'replaced')`;

/**
 * SQL: the record `r` has its session deleted before the event of it in `t`. A deletion and its event have two times,
 * moments apart, in earlier releases. A later time is not judged: after the clock of the server stepped back, a deletion
 * is recorded no earlier than the change before it.
 */
export const DELETED_TOO_EARLY = `r.deleted_at < t.deleted_at - interval '1 minute'`;

const first = (value: string, condition: string): string =>
  `(array_agg(${value} order by e.id) filter (where ${condition}))[1]`;
/** SQL: the value in the last event `e` of a group that fulfils the condition; null if there is none. */
export const last = (value: string, condition: string): string =>
  `(array_agg(${value} order by e.id desc) filter (where ${condition}))[1]`;

/**
 * SQL for one row per archive record `r` that fulfils the condition and has events: what the events say about its
 * session. Events are kept when a session is purged. `named` is the model identity as its creation recorded it, or the
 * last time the session was kept for a slightly different model; null in events of earlier releases.
 */
export const toldOfArchives = (condition: string): string => `
  select r.session_id, count(*) as events,
         count(*) filter (where e.type = 'turn-started' and e.session_id = r.session_id) as turns,
         count(*) filter (where e.type = 'logs-appended') as appended,
         bool_or(${BORN}) as born, bool_or(${ENDED}) as ended,
         ${first('e.phase', BORN)} as phase, ${first('e.mode', BORN)} as mode, ${first('e.generation', BORN)} as generation,
         ${first('e.predecessor_id', BORN)} as predecessor_id, ${first('e.at', BORN)} as created_at,
         ${first(`e.detail -> 'model' ->> 'agent'`, BORN)} as agent,
         coalesce(${last(`e.detail -> 'current'`, `e.type = 'kept'`)}, ${first(`e.detail -> 'model'`, BORN)}) as named,
         ${last('e.type', ENDED)} as ended_by, ${last('e.at', ENDED)} as deleted_at, ${last('e.reason', ENDED)} as deleted_reason,
         ${last(`case e.type when 'replaced' then e.session_id end`, ENDED)} as replaced_by
  from archives r left join sessions s on s.id = r.session_id
  -- A record with a wrong task finds the events of its session by the row of the session.
  join session_events e on e.task_id = coalesce(s.task_id, r.task_id) and (e.session_id = r.session_id or e.predecessor_id = r.session_id)
  where ${condition} group by r.session_id`;
