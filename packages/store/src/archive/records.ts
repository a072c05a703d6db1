import type { Agent, DeletionReason, Generation, Mode, Phase, ProjectId, SessionId, TaskId } from '@phaselock/core';
import type { Kysely, Selectable } from 'kysely';
import type { PageAfter } from '../page.ts';
import type { Schema } from '../schema.ts';

/** The database record of the archive of a session. */
export type ArchiveRecord = {
  readonly sessionId: SessionId;
  readonly taskId: TaskId;
  readonly projectId: ProjectId;
  readonly phase: Phase;
  readonly mode: Mode;
  readonly agent: Agent;
  readonly variant: string | null;
  readonly model: string | null;
  readonly generation: Generation;
  readonly predecessorId: SessionId | null;
  readonly replacedBy: SessionId | null;
  readonly deletedAt: Date;
  readonly deletedReason: DeletionReason;
  readonly objectKey: string;
  readonly objectVersion: string | null;
  readonly sha256: string;
  readonly bytes: number;
  readonly processes: number;
  readonly events: number;
  readonly logs: number;
  readonly archivedAt: Date;
  readonly purgedAt: Date | null;
  readonly expiresAt: Date;
  readonly holdReason: string | null;
  /** Set when the object was removed, or its removal has begun, after the retention period. This row remains. */
  readonly removedAt: Date | null;
};

const toRecord = (row: Selectable<Schema['archives']>): ArchiveRecord => ({
  sessionId: row.session_id,
  taskId: row.task_id,
  projectId: row.project_id,
  phase: row.phase,
  mode: row.mode,
  agent: row.agent,
  variant: row.variant,
  model: row.model,
  generation: row.generation,
  predecessorId: row.predecessor_id,
  replacedBy: row.replaced_by,
  deletedAt: row.deleted_at,
  deletedReason: row.deleted_reason,
  objectKey: row.object_key,
  objectVersion: row.object_version,
  sha256: row.sha256.toString('hex'),
  bytes: row.bytes,
  processes: row.process_count,
  events: row.event_count,
  logs: row.log_count,
  archivedAt: row.archived_at,
  purgedAt: row.purged_at,
  expiresAt: row.expires_at,
  holdReason: row.hold_reason,
  removedAt: row.removed_at ?? row.removing_at,
});

export async function readArchive(db: Kysely<Schema>, sessionId: SessionId): Promise<ArchiveRecord | undefined> {
  const row = await db
    .selectFrom('archives')
    .selectAll()
    .where('session_id', '=', sessionId)
    .where('verified_at', 'is not', null)
    .executeTakeFirst();
  return row === undefined ? undefined : toRecord(row);
}

export async function listArchives(
  db: Kysely<Schema>,
  taskId: TaskId,
  { limit, after }: PageAfter<SessionId>,
): Promise<ArchiveRecord[]> {
  const rows = await db
    .selectFrom('archives')
    .selectAll()
    .where('task_id', '=', taskId)
    .where('verified_at', 'is not', null)
    .$if(after !== undefined, (query) => query.where('session_id', '>', after ?? null))
    .orderBy('session_id')
    .limit(limit)
    .execute();
  return rows.map(toRecord);
}

export type ArchiveRead = {
  readonly sessionId: SessionId;
  readonly taskId: TaskId;
  readonly actor: string | null;
  readonly requestId: string | null;
};

/** Records who reads an archive. Written before the response: if this fails, the request is refused. */
export async function recordArchiveRead(
  db: Kysely<Schema>,
  { sessionId, taskId, actor, requestId }: ArchiveRead,
): Promise<void> {
  await db
    .insertInto('archive_reads')
    .values({ session_id: sessionId, task_id: taskId, actor, request_id: requestId })
    .execute();
}
