import type { AttemptId, ProcessId, SessionId, TaskId } from '@phaselock/core';
import { type Kysely, type Selectable, sql } from 'kysely';
import { type Measured, type PageAfter, readMeasured } from './page.ts';
import type { ProcessTable, Schema, SessionEventTable } from './schema.ts';

export type ProcessRow = Selectable<ProcessTable>;
export type SessionEventRow = Selectable<SessionEventTable>;
export type LogRow = {
  readonly id: number;
  readonly process_id: ProcessId | null;
  readonly kind: Schema['session_logs']['kind'];
  readonly line: string;
  readonly at: Date;
};

const parameterBytes = sql<number>`octet_length(parameters::text)`;

/** Reads all processes of a session, for internal use. The API reads them in pages (`readProcessPage`). */
export async function readProcesses(db: Kysely<Schema>, sessionId: SessionId): Promise<ProcessRow[]> {
  return await db.selectFrom('processes').selectAll().where('session_id', '=', sessionId).orderBy('seq').execute();
}

export async function readProcessPage(
  db: Kysely<Schema>,
  sessionId: SessionId,
  { limit, after = 0 }: PageAfter<number>,
): Promise<Measured<ProcessRow>> {
  const page = db
    .selectFrom('processes')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit);
  return await readMeasured(db, page, { bytes: parameterBytes, order: sql`seq` });
}

/** Reads the processes of an attempt by sequence number, which the index on attempts contains. */
export async function readProcessesOfAttempt(
  db: Kysely<Schema>,
  attemptId: AttemptId,
  { limit, after = 0 }: PageAfter<number>,
): Promise<Measured<ProcessRow>> {
  const page = db
    .selectFrom('processes')
    .selectAll()
    .where('attempt_id', '=', attemptId)
    .where('seq', '>', after)
    .orderBy('seq')
    .limit(limit);
  return await readMeasured(db, page, { bytes: parameterBytes, order: sql`seq` });
}

export async function readProcess(db: Kysely<Schema>, id: ProcessId): Promise<ProcessRow | undefined> {
  return await db.selectFrom('processes').selectAll().where('id', '=', id).executeTakeFirst();
}

/** The number of a process in its session, from 1. */
export async function placeInSession(
  db: Kysely<Schema>,
  { session_id, seq }: Pick<ProcessRow, 'session_id' | 'seq'>,
): Promise<number> {
  const { count } = await db
    .selectFrom('processes')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('session_id', '=', session_id)
    .where('seq', '<=', seq)
    .executeTakeFirstOrThrow();
  return count;
}

/**
 * Reads all events of a session, including its replacement, which is recorded with its successor. Filters by task
 * first, for the index.
 */
export async function readEvents(
  db: Kysely<Schema>,
  { taskId, sessionId }: { taskId: TaskId; sessionId: SessionId },
): Promise<SessionEventRow[]> {
  return await db
    .selectFrom('session_events')
    .selectAll()
    .where('task_id', '=', taskId)
    .where((where) => where.or([where('session_id', '=', sessionId), where('predecessor_id', '=', sessionId)]))
    .orderBy('id')
    .execute();
}

/** Reads a page of the events of a session by keyset, in the order of the index on the task’s events. */
export async function readEventPage(
  db: Kysely<Schema>,
  { taskId, sessionId }: { taskId: TaskId; sessionId: SessionId },
  { limit, after = 0 }: PageAfter<number>,
): Promise<Measured<SessionEventRow>> {
  const page = db
    .selectFrom('session_events')
    .selectAll()
    .where('task_id', '=', taskId)
    .where((where) => where.or([where('session_id', '=', sessionId), where('predecessor_id', '=', sessionId)]))
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit);
  return await readMeasured(db, page, { bytes: sql`coalesce(octet_length(detail::text), 0)`, order: sql`id` });
}

type LogPage = {
  readonly after: number;
  readonly upTo: number;
  readonly limit: number;
  /** Maximum total size of the lines. The first line is always read. */
  readonly maxBytes?: number;
};

/** Reads a page of the log by keyset, limited in lines and bytes, so that memory is bounded. */
export async function readLogs(
  db: Kysely<Schema>,
  sessionId: SessionId,
  { after, upTo, limit, ...most }: LogPage,
): Promise<Measured<LogRow>> {
  const page = db
    .selectFrom('session_logs')
    .select(['id', 'process_id', 'kind', 'line', 'at'])
    .where('session_id', '=', sessionId)
    .where('id', '>', after)
    .where('id', '<=', upTo)
    .orderBy('id')
    .limit(limit);
  return await readMeasured(db, page, { bytes: sql`octet_length(line)`, order: sql`id`, ...most });
}

export async function readLastLogId(db: Kysely<Schema>, sessionId: SessionId): Promise<number> {
  const row = await db
    .selectFrom('session_logs')
    .select((select) => select.fn.max('id').as('last'))
    .where('session_id', '=', sessionId)
    .executeTakeFirst();
  return Number(row?.last ?? 0);
}
