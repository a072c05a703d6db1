import { UNKNOWN_VERSION } from '@phaselock/cache';
import type {
  DeletionReason,
  ModelIdentity,
  ProcessId,
  SessionId,
  ShownSession,
  SlotKey,
  TaskId,
} from '@phaselock/core';
import type { LapsedProcess } from '@phaselock/store';
import { logModelChange } from '@phaselock/telemetry';
import type { GuardContext } from './context.ts';
import type { BegunTurn } from './model-before.ts';
import type { GuardedSession } from './start-outcome.ts';
import type { StartTurn } from './turn-request.ts';

/**
 * Side effects that follow a commit, one function for each business event. The transaction has already written the
 * event row; these functions write the log line, update or invalidate the cached slot snapshot, and record metrics of
 * the event. The outcome of a call is counted elsewhere, when the call is answered. A failure here must not fail the
 * operation, which is already committed.
 */

export type Opened = {
  readonly session: GuardedSession;
  readonly slotVersion: number;
  readonly predecessor: ShownSession | null;
  /** For the invalidation message: the model of the session that left the slot, else of the new session. */
  readonly invalidatedModel: string | null;
  readonly reason: DeletionReason | 'first';
};

/** A session was created in its slot, or replaced the session of its slot. */
export function announceOpened(ctx: GuardContext, opened: Opened): void {
  const { session, slotVersion, predecessor, reason } = opened;
  const { id, slot, generation, identity, status } = session;
  const live = { id, generation, identity, status, guarded: true, modelMissing: false } as const;
  ctx.snapshots.changed(slot, {
    version: slotVersion,
    state: { version: slotVersion, generation, live },
    sessionId: id,
    model: opened.invalidatedModel,
  });

  if (ctx.logger.isLevelEnabled('debug'))
    ctx.logger.debug(
      {
        ...inLog(slot, id),
        'event.action': predecessor === null ? 'session-created' : 'session-replaced',
        'phaselock.generation': generation,
        'phaselock.predecessor_id': predecessor?.sessionId ?? null,
        'event.reason': reason,
      },
      `session ${predecessor === null ? 'created' : 'replaced'}`,
    );
}

/** Log fields that identify a session, with the same names in every log line. */
const inLog = ({ taskId, phase, mode }: SlotKey, sessionId: SessionId) => ({
  'phaselock.task_id': taskId,
  'phaselock.session_id': sessionId,
  'phaselock.phase': phase,
  'phaselock.mode': mode,
});

export type Adopted = {
  readonly slot: SlotKey;
  readonly sessionId: SessionId;
  readonly model: string | null;
  /** Number of older duplicates that were soft-deleted. */
  readonly collapsed: number;
};

/** A legacy session (created without the single-session rule) became the guarded session of its slot. */
export function announceAdopted(ctx: GuardContext, { slot, sessionId, model, collapsed }: Adopted): void {
  ctx.snapshots.changed(slot, { version: UNKNOWN_VERSION, state: null, sessionId, model });
  if (collapsed > 0) ctx.telemetry.legacyCollapsed(collapsed);
  ctx.logger.info(
    { ...inLog(slot, sessionId), 'event.action': 'session-adopted', 'phaselock.collapsed': collapsed },
    'legacy session adopted into its slot, its older duplicates soft-deleted',
  );
}

export type Kept = {
  readonly slot: SlotKey;
  readonly slotVersion: number | null;
  readonly sessionId: SessionId;
  readonly previousModel: string | null;
};

/** The requested model differs slightly (`minor`), and the user kept the session, which takes that model on. */
export function announceKept(ctx: GuardContext, { slot, slotVersion, sessionId, previousModel }: Kept): void {
  const version = slotVersion ?? UNKNOWN_VERSION;
  ctx.snapshots.changed(slot, { version, state: null, sessionId, model: previousModel });
  ctx.logger.info(
    { ...inLog(slot, sessionId), 'event.action': 'session-kept', 'phaselock.previous_model': previousModel },
    'session kept, its model is now the requested one',
  );
}

/** An unguarded session was created in addition to those that its slot already has. */
export function announceBeside(ctx: GuardContext, { id, slot, identity }: GuardedSession): void {
  ctx.snapshots.changed(slot, { version: UNKNOWN_VERSION, state: null, sessionId: id, model: identity.model });
  ctx.logger.debug(
    { ...inLog(slot, id), 'event.action': 'session-created-beside' },
    'session created beside the existing ones, because the single-session rule does not apply to it',
  );
}

export type Deleted = {
  readonly slot: SlotKey;
  readonly slotVersion: number | null;
  readonly sessionId: SessionId;
  readonly model: string | null;
  readonly reason: DeletionReason;
};

export function announceDeleted(ctx: GuardContext, { slot, slotVersion, sessionId, model, reason }: Deleted): void {
  ctx.snapshots.changed(slot, { version: slotVersion ?? UNKNOWN_VERSION, state: null, sessionId, model });
  ctx.telemetry.sessionDeleted(reason);
  ctx.logger.info(
    { ...inLog(slot, sessionId), 'event.action': 'session-deleted', 'event.reason': reason },
    'session deleted',
  );
}

export type TurnBegun = {
  readonly slot: SlotKey;
  readonly sessionId: SessionId;
  readonly request: Pick<StartTurn, 'attemptId'>;
  readonly processId: ProcessId;
  readonly begun: BegunTurn;
  readonly identity: ModelIdentity;
};

/** A process of a session began. If it changed the model, the change is logged and counted. */
export function announceTurnBegun(ctx: GuardContext, turn: TurnBegun): void {
  const { slot, sessionId, request, processId, begun, identity } = turn;
  ctx.snapshots.statusChanged(slot, sessionId, 'running');
  if (begun.lost) ctx.telemetry.turnEnded('lost');
  if (begun.previous === null) return;
  ctx.telemetry.modelChanged();
  logModelChange(ctx.logger, {
    taskId: slot.taskId,
    taskAttemptId: request.attemptId,
    sessionId,
    processId,
    previous: begun.previous,
    current: identity,
  });
}

const SHORT_ID = 8;
const short = (sessionId: SessionId): string => `${sessionId.slice(0, SHORT_ID)}...`;

type Temporary = { readonly taskId: TaskId; readonly sessionId: SessionId };

/**
 * The temporary record of a standalone execution was created. The text of this log line and of the next one is fixed,
 * because operators search for it.
 */
export const announceTemporary = (ctx: GuardContext, { taskId, sessionId }: Temporary): void =>
  ctx.logger.info(
    { 'event.action': 'temporary-session-opened', 'phaselock.task_id': taskId, 'phaselock.session_id': sessionId },
    `TEMP_SESSION: session_id=${short(sessionId)}, task_id=${taskId}, mode=standalone`,
  );

export const announceTemporaryEnded = (ctx: GuardContext, { taskId, sessionId }: Temporary): void =>
  ctx.logger.info(
    { 'event.action': 'temporary-session-ended', 'phaselock.task_id': taskId, 'phaselock.session_id': sessionId },
    `TEMP_SESSION_END: session_id=${short(sessionId)}`,
  );

/** The lease of a process expired. The process is marked as lost, so its session may begin the next turn. */
export function announceLapsed(ctx: GuardContext, lapsed: LapsedProcess): void {
  const { session_id: sessionId, task_id: taskId, phase, mode, process_id: processId } = lapsed;
  const slot = { taskId, phase, mode };
  ctx.telemetry.turnEnded('lost');
  ctx.snapshots.statusChanged(slot, sessionId, lapsed.session_status);
  ctx.logger.warn(
    { ...inLog(slot, sessionId), 'event.action': 'lease-lapsed', 'phaselock.process_id': processId },
    'the lease of a process lapsed: it counts as lost',
  );
  if (lapsed.temporary_ended) announceTemporaryEnded(ctx, { taskId, sessionId });
}
