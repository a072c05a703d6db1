import type { DeletionReason, Mode, Phase, SessionId, SlotKey, TaskId } from '@phaselock/core';
import { firstRow, type Sql, writeCall } from './sql.ts';

const DELETE_SESSION = writeCall('delete_session', 5);

export type DeletedSession =
  | {
      readonly kind: 'deleted';
      readonly slot: SlotKey;
      readonly version: number;
      readonly slotVersion: number | null;
      readonly model: string | null;
    }
  | { readonly kind: 'already-deleted' | 'not-found' }
  | { readonly kind: 'version-mismatch'; readonly version: number };

type Row =
  | {
      outcome: 'deleted';
      task_id: TaskId;
      phase: Phase;
      mode: Mode;
      version: number;
      slot_version: number | null;
      model: string | null;
    }
  | { outcome: 'version-mismatch'; version: number }
  | { outcome: 'already-deleted' | 'not-found' };

export type DeleteSession = {
  readonly sessionId: SessionId;
  /** Refuse unless the session still has this version. */
  readonly seenVersion: number | null;
  readonly reason: DeletionReason;
  readonly actor: string | null;
  readonly waitMs: number;
};

export async function deleteSession(sql: Sql, given: DeleteSession): Promise<DeletedSession> {
  const values = [given.sessionId, given.seenVersion, given.reason, given.actor, Math.max(1, Math.ceil(given.waitMs))];
  const row = firstRow(await sql.query<Row>(DELETE_SESSION, values));
  switch (row.outcome) {
    case 'deleted': {
      const slot = { taskId: row.task_id, phase: row.phase, mode: row.mode };
      return { kind: 'deleted', slot, version: row.version, slotVersion: row.slot_version, model: row.model };
    }
    case 'version-mismatch':
      return { kind: 'version-mismatch', version: row.version };
    case 'already-deleted':
    case 'not-found':
      return { kind: row.outcome };
  }
}
