import type { Generation, SessionId, TaskId } from './ids.ts';
import type { ModelIdentity } from './model-identity.ts';
import type { Mode, Phase } from './phase.ts';
import type { SessionStatus } from './session-lifecycle.ts';

/** What is locked, and who counts generations. */
export type SlotKey = { readonly taskId: TaskId; readonly phase: Phase; readonly mode: Mode };

export type LiveSession = {
  readonly id: SessionId;
  readonly generation: Generation;
  readonly identity: ModelIdentity;
  readonly status: SessionStatus;
  /** False for a session from before its task was enrolled: it is adopted or collapsed at the first guarded start. */
  readonly guarded: boolean;
  /** The session's model or profile has been deleted since; it stays visible as "Model Not Found". */
  readonly modelMissing: boolean;
};

export type SlotState = {
  /** Grows with every change of the slot, so two snapshots of it can be put in order. 0: no row yet. */
  readonly version: number;
  readonly generation: Generation;
  /** The newest live session; older legacy duplicates are not listed here. */
  readonly live: LiveSession | null;
};

/** The two facts a person was shown, and so the two a confirmation must name. */
export type ShownSession = { readonly sessionId: SessionId; readonly generation: Generation };

export const slotName = (slot: SlotKey): string => `${slot.taskId}/${slot.phase}/${slot.mode}`;

/** Whether a confirmation names this session as it stands. */
export const isShown = (
  session: { readonly id: SessionId; readonly generation: Generation },
  shown: ShownSession,
): boolean => session.id === shown.sessionId && session.generation === shown.generation;
