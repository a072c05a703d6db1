/** Events with which a session begins. */
export const BIRTHS = `('created', 'replaced', 'created-beside', 'standalone-started')`;

/** Events of a live session. After its end only reports of its processes are recorded. */
export const OF_LIVE_SESSIONS = `('turn-started', 'closed', 'kept')`;

/** Each of these raises the version of its session by one. A `turn-lost` may share a version with a `turn-started`. */
export const COUNTED_BY_VERSION = `('turn-started', 'turn-finished', 'closed', 'kept', 'adopted')`;

/** Reports of a process other than its end. A process has any number of them, since migration 0024. */
export const REPORTS = `('conversation-told', 'usage-booked', 'logs-appended')`;

/**
 * SQL condition, or null: session `s` was created by migration 0024 or later, which records the model with it. A scalar
 * subquery, so that it is computed for one session at a time and never for all at once.
 */
export const BORN_WITH_MODEL = `
  (select bool_or(b.detail ? 'model') from session_events b where b.task_id = s.task_id and b.session_id = s.id and b.type in ${BIRTHS})`;

/** SQL condition: the event `e` records that a process was lost. */
export const tellsLoss = `(e.type = 'turn-lost' or e.type = 'turn-finished' and e.reason = 'lost')`;

/** SQL condition: the event `e` records how a process ended, other than lost. */
export const tellsEnding = `(e.type = 'turn-finished' and e.reason is distinct from 'lost')`;

/** SQL condition: an event of the task of session `s` records that the process `process` reported the conversation `id`. */
export const reported = (process: string, id: string): string => `exists (
  select 1 from session_events e where e.task_id = s.task_id and e.session_id = ${process}.session_id
    and e.detail ->> 'process_id' = ${process}.id::text and e.detail ->> 'agent_session_id' = ${id})`;
