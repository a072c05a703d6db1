import type { Generation, SessionId, TaskId } from './ids.ts';
import type { ModelIdentity } from './model-identity.ts';
import type { Mode, Phase } from './phase.ts';
import type { SessionStatus } from './session-lifecycle.ts';

/** Identifies a slot, the unit that is locked and that counts generations. */
export type SlotKey = { readonly taskId: TaskId; readonly phase: Phase; readonly mode: Mode };

export type LiveSession = {
  readonly id: SessionId;
  readonly generation: Generation;
  readonly identity: ModelIdentity;
  readonly status: SessionStatus;
  /**
   * False for a session from before its task was enrolled. The first guarded start adopts it, or deletes it as a
   * duplicate.
   */
  readonly guarded: boolean;
  /** True if the session's model or profile was deleted; the session stays visible as "Model Not Found". */
  readonly modelMissing: boolean;
};

export type SlotState = {
  /** Increases with every change of the slot, so that two snapshots can be ordered. 0 if the slot has no row yet. */
  readonly version: number;
  readonly generation: Generation;
  /** The newest live session; older legacy duplicates are not listed here. */
  readonly live: LiveSession | null;
};

/** The session id and generation that the user was shown; a confirmation must name both. */
export type ShownSession = { readonly sessionId: SessionId; readonly generation: Generation };

export const slotName = (slot: SlotKey): string => `${slot.taskId}/${slot.phase}/${slot.mode}`;

/** Whether a confirmation names this session with its current generation. */
export const isShown = (
  session: { readonly id: SessionId; readonly generation: Generation },
  shown: ShownSession,
): boolean => session.id === shown.sessionId && session.generation === shown.generation;
