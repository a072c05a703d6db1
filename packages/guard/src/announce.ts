import { UNKNOWN_VERSION } from '@phaselock/cache';
import type { DeletionReason, PhaselockError, SessionId, ShownSession, SlotKey } from '@phaselock/core';
import type { GuardContext } from './context.ts';
import type { GuardedSession } from './start-outcome.ts';

/**
 * What follows a commit, one function a business event: the event row was written in the transaction, the metric, the log line, the snapshot
 * and the invalidation come here. None of it may fail the operation that has already happened.
 */
export type Opened = {
  readonly session: GuardedSession;
  readonly slotVersion: number;
  readonly predecessor: ShownSession | null;
  readonly reason: DeletionReason | 'first';
  readonly since: number;
};

export function announceOpened(ctx: GuardContext, { session, slotVersion, predecessor, reason, since }: Opened): void {
  const { id, slot, generation, identity } = session;
  const status = predecessor === null ? 'ready' : 'pending';
  const live = { id, generation, identity, status, guarded: true, modelMissing: false } as const;
  ctx.snapshots.changed(slot, {
    version: slotVersion,
    state: { version: slotVersion, generation, live },
    sessionId: id,
  });

  const outcome = predecessor === null ? 'created' : 'replaced';
  ctx.telemetry.sessionStarted({ outcome, phase: slot.phase, mode: slot.mode, cohort: 'treatment' });
  if (predecessor !== null && reason !== 'first')
    ctx.telemetry.sessionReplaced({ reason, seconds: (ctx.now() - since) / 1000 });
  if (ctx.logger.isLevelEnabled('debug'))
    ctx.logger.debug({ session_id: id, generation, ...slot, predecessor, reason }, `session ${outcome}`);
}

export function announceAdopted(
  ctx: GuardContext,
  { slot, sessionId, collapsed }: { slot: SlotKey; sessionId: SessionId; collapsed: number },
): void {
  ctx.snapshots.changed(slot, { version: UNKNOWN_VERSION, state: null, sessionId });
  ctx.telemetry.sessionStarted({ outcome: 'existing', phase: slot.phase, mode: slot.mode, cohort: 'treatment' });
  if (collapsed > 0) ctx.telemetry.legacyCollapsed(collapsed);
  ctx.logger.info({ session_id: sessionId, ...slot, collapsed }, 'legacy session adopted, its duplicates collapsed');
}

export function announceBeside(ctx: GuardContext, { id, slot }: GuardedSession): void {
  ctx.snapshots.changed(slot, { version: UNKNOWN_VERSION, state: null, sessionId: id });
  ctx.telemetry.sessionStarted({ outcome: 'created-beside', phase: slot.phase, mode: slot.mode, cohort: 'control' });
  ctx.telemetry.startedUnguarded();
  ctx.logger.debug({ session_id: id, ...slot }, 'session created beside, its caller is not guarded yet');
}

const ANSWER_OUTCOMES = { existing: 'existing', ask: 'asked', refuse: 'refused' } as const;

export function announceAnswer(ctx: GuardContext, { phase, mode }: SlotKey, kind: keyof typeof ANSWER_OUTCOMES): void {
  ctx.telemetry.sessionStarted({ outcome: ANSWER_OUTCOMES[kind], phase, mode, cohort: 'treatment' });
}

/** A start that came to nothing: somebody was in the way, the caller was wrong, or we were. Who has left is counted nowhere. */
export function announceFailedStart(
  ctx: GuardContext,
  { phase, mode, guarded }: SlotKey & { readonly guarded: boolean },
  { code, status }: PhaselockError,
): void {
  if (code === 'request_aborted') return;
  const refused = status < SERVER_ERROR ? 'refused' : 'failed';
  const outcome = code === 'session_being_modified' ? 'busy' : refused;
  ctx.telemetry.sessionStarted({ outcome, phase, mode, cohort: guarded ? 'treatment' : 'control' });
}

const SERVER_ERROR = 500;

export function announceDeleted(
  ctx: GuardContext,
  {
    slot,
    slotVersion,
    sessionId,
    reason,
  }: { slot: SlotKey; slotVersion: number | null; sessionId: SessionId; reason: DeletionReason },
): void {
  ctx.snapshots.changed(slot, { version: slotVersion ?? UNKNOWN_VERSION, state: null, sessionId });
  ctx.telemetry.sessionDeleted(reason);
  ctx.logger.info({ session_id: sessionId, ...slot, reason }, 'session deleted');
}
