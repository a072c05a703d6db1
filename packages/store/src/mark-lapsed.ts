import type { Generation, Mode, Phase, ProcessId, SessionId, SessionStatus, TaskId } from '@phaselock/core';
import { functionCall, type Sql } from './sql.ts';

const MARK_LAPSED = functionCall('mark_lapsed', 2);

export type LapsedProcess = {
  readonly session_id: SessionId;
  readonly task_id: TaskId;
  readonly phase: Phase;
  readonly mode: Mode;
  readonly generation: Generation;
  readonly process_id: ProcessId;
  readonly session_status: SessionStatus;
  /** Its session was a temporary one, which ended with it. */
  readonly temporary_ended: boolean;
};

/** Marks processes whose lease lapsed as lost, by the database's clock; of several callers each gets its own. */
export const markLapsed = (sql: Sql, limit: number, liveStatus: SessionStatus): Promise<LapsedProcess[]> =>
  sql.query<LapsedProcess>(MARK_LAPSED, [limit, liveStatus]);
