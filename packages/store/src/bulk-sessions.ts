import type {
  DeletionReason,
  Generation,
  Mode,
  ModelIdentity,
  Phase,
  SessionId,
  SlotKey,
  SlotState,
  TaskId,
  TurnReason,
} from '@phaselock/core';
import { type Sql, writeCall } from './sql.ts';

const OPEN_SESSIONS = writeCall('open_sessions', 2);

export type BulkOpen = {
  readonly slot: SlotKey;
  readonly seen: SlotState;
  readonly sessionId: SessionId;
  readonly identity: ModelIdentity;
  readonly createdBy: string | null;
  readonly reason: DeletionReason | Extract<TurnReason, 'first'>;
  readonly key: { readonly scope: string; readonly key: string; readonly requestHash: string } | null;
};

export type BulkOpened = {
  readonly session_id: SessionId;
  readonly generation: Generation;
  readonly slot_version: number;
  readonly created_at: Date;
};

/** Opens all sessions in one transaction. The result leaves out items whose slot has changed or is locked. */
export async function openSessions(sql: Sql, items: readonly BulkOpen[], waitMs: number): Promise<BulkOpened[]> {
  const rows = items.map(({ slot, seen, sessionId, identity, createdBy, reason, key }) => ({
    task_id: slot.taskId,
    phase: slot.phase,
    mode: slot.mode,
    seen_generation: seen.generation,
    seen_live: seen.live?.id ?? null,
    session_id: sessionId,
    agent: identity.agent,
    variant: identity.variant,
    model: identity.model,
    resolved_model: identity.resolvedModel,
    parameters: identity.parameters,
    created_by: createdBy,
    reason,
    key_scope: key?.scope ?? null,
    key: key?.key ?? null,
    request_hash: key?.requestHash ?? null,
  }));
  return await sql.query<BulkOpened>(OPEN_SESSIONS, [JSON.stringify(rows), Math.max(1, Math.ceil(waitMs))]);
}

const DELETE_SESSIONS = writeCall('delete_sessions', 4);

export type BulkDeleted = {
  readonly session_id: SessionId;
  readonly task_id: TaskId;
  readonly phase: Phase;
  readonly mode: Mode;
  readonly slot_version: number;
  readonly model: string | null;
};

const DELETE_ORPHANS = writeCall('delete_orphans', 4);

/** Deletes the given sessions that still are orphans (see `findOrphans`) once their rows are locked. */
export async function deleteOrphans(
  sql: Sql,
  {
    sessionIds,
    actor,
    waitMs,
    olderThanSeconds,
  }: {
    sessionIds: readonly SessionId[];
    actor: string | null;
    waitMs: number;
    olderThanSeconds: number;
  },
): Promise<BulkDeleted[]> {
  const values = [sessionIds, actor, Math.max(1, Math.ceil(waitMs)), olderThanSeconds];
  return await sql.query<BulkDeleted>(DELETE_ORPHANS, values);
}

/** Deletes all sessions in one transaction. The result leaves out unknown and already deleted ids. */
export async function deleteSessions(
  sql: Sql,
  {
    sessionIds,
    reason,
    actor,
    waitMs,
  }: { sessionIds: readonly SessionId[]; reason: DeletionReason; actor: string | null; waitMs: number },
): Promise<BulkDeleted[]> {
  return await sql.query<BulkDeleted>(DELETE_SESSIONS, [sessionIds, reason, actor, Math.max(1, Math.ceil(waitMs))]);
}
