import { type AttemptId, type Generation, NOTICES, type ProcessId, type SessionId, type TaskId } from '@phaselock/core';
import type { Logger } from './logger.ts';

export type ModelChange = {
  readonly taskAttemptId: AttemptId | null;
  /** The profile, and where there is none the model; null is the agent's own default. */
  readonly previousVariant: string | null;
  readonly currentVariant: string | null;
  readonly taskId?: TaskId;
  readonly previousSessionId?: SessionId;
  readonly sessionId?: SessionId;
  readonly processId?: ProcessId;
  readonly generation?: Generation;
};

/** The line people look for after a follow-up with another model; its text and its first three fields are fixed. */
export function logModelChange(logger: Pick<Logger, 'info'>, change: ModelChange): void {
  logger.info(
    {
      task_attempt_id: change.taskAttemptId,
      previous_variant: change.previousVariant,
      current_variant: change.currentVariant,
      task_id: change.taskId,
      previous_session_id: change.previousSessionId,
      session_id: change.sessionId,
      process_id: change.processId,
      generation: change.generation,
    },
    NOTICES.model_changed_log,
  );
}
