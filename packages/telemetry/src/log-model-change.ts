import {
  type AttemptId,
  type ModelIdentity,
  NOTICES,
  type ProcessId,
  type SessionId,
  type TaskId,
} from '@phaselock/core';
import type { Logger } from './logger.ts';

type Named = Pick<ModelIdentity, 'variant' | 'model' | 'resolvedModel'>;

export type ModelChange = {
  readonly taskId: TaskId;
  readonly taskAttemptId: AttemptId;
  readonly sessionId: SessionId;
  readonly processId: ProcessId;
  readonly previous: Named;
  readonly current: Named;
};

/** The profile, or the model without a profile; null is the agent’s default. */
const variantOf = ({ variant, model }: Named): string | null => variant ?? model;

/**
 * Writes the line that operators search for: exactly one for each model change between two processes of an attempt. Its
 * text and its three fields without a prefix are fixed.
 */
export function logModelChange(
  logger: Pick<Logger, 'info'>,
  { taskId, taskAttemptId, sessionId, processId, previous, current }: ModelChange,
): void {
  logger.info(
    {
      'event.action': 'model-changed',
      task_attempt_id: taskAttemptId,
      previous_variant: variantOf(previous),
      current_variant: variantOf(current),
      'phaselock.previous_model': previous.model,
      'phaselock.current_model': current.model,
      'phaselock.previous_resolved_model': previous.resolvedModel,
      'phaselock.current_resolved_model': current.resolvedModel,
      'phaselock.task_id': taskId,
      'phaselock.session_id': sessionId,
      'phaselock.process_id': processId,
    },
    NOTICES.model_changed_log,
  );
}
