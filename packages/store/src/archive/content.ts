import type { SessionId, TaskId } from '@phaselock/core';
import { type Kysely, type Selectable, sql } from 'kysely';
import type { Schema, SessionTable } from '../schema.ts';
import type { LogRow, ProcessRow, SessionEventRow } from '../session-history.ts';

type ArchivableSession = Selectable<SessionTable>;

/** The content of a session without its log lines, which may be too many to hold in memory. */
export type SessionContents = {
  readonly session: ArchivableSession;
  readonly processes: readonly ProcessRow[];
  readonly events: readonly SessionEventRow[];
  readonly feedback: readonly FeedbackContent[];
  readonly logSize: LogSize;
};

type FeedbackContent = Selectable<Schema['feedback']>;
/** `bytes` decides between readShortLogs and readLogPage; `lastId` is the id of the last line to read. */
type LogSize = { readonly lines: number; readonly bytes: number; readonly lastId: number };

const NO_LOG: LogSize = { lines: 0, bytes: 0, lastId: 0 };

/** The sessions an event belongs to. A replacement belongs to the successor and to the predecessor. */
const concerns = (event: SessionEventRow): SessionId[] =>
  event.predecessor_id === null ? [event.session_id] : [event.session_id, event.predecessor_id];

/** Reads many sessions with one statement per table, so that the number of statements stays constant. */
export async function readContents(db: Kysely<Schema>, ids: readonly SessionId[]): Promise<SessionContents[]> {
  if (ids.length === 0) return [];
  const sessions = await db.selectFrom('sessions').selectAll().where('id', 'in', ids).orderBy('id').execute();
  const taskIds = [...new Set(sessions.map(({ task_id }) => task_id))];
  const [processes, events, feedback, sizes] = await Promise.all([
    db.selectFrom('processes').selectAll().where('session_id', 'in', ids).orderBy('seq').execute(),
    readEventsOfTasks(db, taskIds, ids),
    db.selectFrom('feedback').selectAll().where('session_id', 'in', ids).orderBy('id').execute(),
    readLogSizes(db, ids),
  ]);
  const processesOf = Map.groupBy(processes, ({ session_id }) => session_id);
  const feedbackOf = Map.groupBy(feedback, ({ session_id }) => session_id);
  const eventsOf = new Map<SessionId, SessionEventRow[]>();
  for (const event of events) for (const id of concerns(event)) eventsOf.set(id, [...(eventsOf.get(id) ?? []), event]);
  return sessions.map((session) => ({
    session,
    processes: processesOf.get(session.id) ?? [],
    events: eventsOf.get(session.id) ?? [],
    feedback: feedbackOf.get(session.id) ?? [],
    logSize: sizes.get(session.id) ?? NO_LOG,
  }));
}

/** Filters by task first, because the index on events starts with the task. */
const readEventsOfTasks = (
  db: Kysely<Schema>,
  taskIds: readonly TaskId[],
  ids: readonly SessionId[],
): Promise<SessionEventRow[]> =>
  db
    .selectFrom('session_events')
    .selectAll()
    .where('task_id', 'in', taskIds)
    .where((where) => where.or([where('session_id', 'in', ids), where('predecessor_id', 'in', ids)]))
    .orderBy('id')
    .execute();

async function readLogSizes(db: Kysely<Schema>, ids: readonly SessionId[]): Promise<Map<SessionId, LogSize>> {
  const rows = await db
    .selectFrom('session_logs')
    .select(({ fn }) => [
      'session_id',
      fn.countAll<number>().as('lines'),
      fn.max('id').as('last_id'),
      sql<string>`sum(octet_length(line))`.as('bytes'),
    ])
    .where('session_id', 'in', ids)
    .groupBy('session_id')
    .execute();
  return new Map(
    rows.map(({ session_id, lines, bytes, last_id }) => [session_id, { lines, bytes: Number(bytes), lastId: last_id }]),
  );
}

export type LogOfSession = LogRow;

/** Reads the complete logs of many sessions at once; only for logs that are known to be short. */
export async function readShortLogs(
  db: Kysely<Schema>,
  ids: readonly SessionId[],
): Promise<Map<SessionId, LogOfSession[]>> {
  if (ids.length === 0) return new Map();
  const rows = await db
    .selectFrom('session_logs')
    .select(['session_id', 'process_id', 'id', 'kind', 'line', 'at'])
    .where('session_id', 'in', ids)
    .orderBy('id')
    .execute();
  return Map.groupBy(rows, ({ session_id }) => session_id);
}

/**
 * Reads a page of a long log: the lines with `after` < id <= `upTo` (keyset pagination), at most `limit` lines and
 * `maxBytes`. The first line is always included, because a line may be longer than `maxBytes`.
 */
export async function readLogPage(
  db: Kysely<Schema>,
  sessionId: SessionId,
  page: { readonly after: number; readonly upTo: number; readonly limit: number; readonly maxBytes: number },
): Promise<LogOfSession[]> {
  const within = db
    .selectFrom('session_logs')
    .select([
      'id',
      sql<number>`sum(octet_length(line)) over (order by id)`.as('sum'),
      sql<number>`row_number() over (order by id)`.as('nth'),
    ])
    .where('session_id', '=', sessionId)
    .where('id', '>', page.after)
    .where('id', '<=', page.upTo)
    .orderBy('id')
    .limit(page.limit)
    .as('page');
  return await db
    .selectFrom('session_logs')
    .innerJoin(within, 'page.id', 'session_logs.id')
    .select(['session_logs.id', 'process_id', 'kind', 'line', 'at'])
    .where((where) => where.or([where('page.nth', '=', 1), where('page.sum', '<=', page.maxBytes)]))
    .orderBy('session_logs.id')
    .execute();
}
