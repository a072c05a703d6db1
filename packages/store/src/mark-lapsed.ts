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
  /** The session of the process was temporary, and ended together with it. */
  readonly temporary_ended: boolean;
};

/** Marks processes with an expired lease, by the database’s clock, as lost. Concurrent calls mark different ones. */
export const markLapsed = (sql: Sql, limit: number, liveStatus: SessionStatus): Promise<LapsedProcess[]> =>
  sql.query<LapsedProcess>(MARK_LAPSED, [limit, liveStatus]);
