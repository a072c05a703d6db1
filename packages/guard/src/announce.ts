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
import type { StartTurn } from './start-turn.ts';

/**
 * What follows a commit, one function a business event: the event row was written in the transaction, the log line, the snapshot and the
 * invalidation come here, and metrics of what happened. What calls came to is counted when they are answered. None of it may fail the operation
 * that has already happened.
 */
export type Opened = {
  readonly session: GuardedSession;
  readonly slotVersion: number;
  readonly predecessor: ShownSession | null;
  /** The model of the session that is not the slot's any more; without one, that of the new session. */
  readonly invalidatedModel: string | null;
  readonly reason: DeletionReason | 'first';
};

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

/** The fields of a line about a session, named alike in every line. */
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
  readonly collapsed: number;
};

export function announceAdopted(ctx: GuardContext, { slot, sessionId, model, collapsed }: Adopted): void {
  ctx.snapshots.changed(slot, { version: UNKNOWN_VERSION, state: null, sessionId, model });
  if (collapsed > 0) ctx.telemetry.legacyCollapsed(collapsed);
  ctx.logger.info(
    { ...inLog(slot, sessionId), 'event.action': 'session-adopted', 'phaselock.collapsed': collapsed },
    'legacy session adopted, its duplicates collapsed',
  );
}

export type Kept = {
  readonly slot: SlotKey;
  readonly slotVersion: number | null;
  readonly sessionId: SessionId;
  readonly previousModel: string | null;
};

/** The session goes on with a model that differs slightly. */
export function announceKept(ctx: GuardContext, { slot, slotVersion, sessionId, previousModel }: Kept): void {
  const version = slotVersion ?? UNKNOWN_VERSION;
  ctx.snapshots.changed(slot, { version, state: null, sessionId, model: previousModel });
  ctx.logger.info(
    { ...inLog(slot, sessionId), 'event.action': 'session-kept', 'phaselock.previous_model': previousModel },
    'session kept, its model is now the one that was asked for',
  );
}

export function announceBeside(ctx: GuardContext, { id, slot, identity }: GuardedSession): void {
  ctx.snapshots.changed(slot, { version: UNKNOWN_VERSION, state: null, sessionId: id, model: identity.model });
  ctx.logger.debug(
    { ...inLog(slot, id), 'event.action': 'session-created-beside' },
    'session created beside, its caller is not guarded yet',
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

/** The text of the line, and of the next one, is fixed: operators look for it. */
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

/** A process let its lease lapse, and its session is free for the next turn. */
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
