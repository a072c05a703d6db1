import { type AgentSessionId, PhaselockError, type SessionId, standingsThat } from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';
import { isIdempotencyRace } from './failures.ts';
import { type IdempotencyKey, keyRow, storedAnswer } from './idempotency.ts';
import { refuseReport } from './refuse-report.ts';
import { demandTotals } from './usage-totals.ts';

export type { LogLine, TurnToken, Usage } from '@phaselock/store';

export type HeartbeatAnswer =
  | { readonly kind: 'continue'; readonly leaseExpiresAt: Date }
  /**
   * The session was replaced or closed, or the process is not the running one. The runner must end its agent and report
   * that it has stopped.
   */
  | {
      readonly kind: 'stop';
      readonly why: 'replaced' | 'stale' | 'not-running';
      readonly replacedBy: SessionId | null;
    };

export function heartbeat(ctx: GuardContext, token: store.TurnToken): Promise<HeartbeatAnswer> {
  return answerInTime(ctx, async () => {
    const beat = await store.renewLease(ctx.database, token, ctx.settings.leaseMs);
    switch (beat.outcome) {
      case 'renewed':
        return { kind: 'continue', leaseExpiresAt: beat.lease_expires_at };
      case 'stale':
      case 'replaced':
      case 'not-running':
        ctx.telemetry.writeFenced('heartbeat');
        return { kind: 'stop', why: beat.outcome, replacedBy: beat.replaced_by };
      case 'session-not-found':
        throw new PhaselockError('session_not_found');
    }
  });
}

/** Stores the session id of the agent itself, as soon as the agent reports one. */
export function reportAgentSession(
  ctx: GuardContext,
  token: store.TurnToken,
  agentSessionId: AgentSessionId,
): Promise<void> {
  return answerInTime(ctx, async () => {
    const taken = standingsThat('conversation', 'taken');
    const reported = await store.reportAgentSession(ctx.database, token, agentSessionId, taken);
    if (reported.outcome === 'reported') return;
    const { sessionId } = token;
    await refuseReport(ctx, reported, { report: 'conversation', operation: 'agent-session', sessionId });
  });
}

type AppendOptions = { readonly idempotencyKey?: IdempotencyKey };

/** Appends all of the lines or none. A repeated call with the same key appends nothing. */
export function appendLogs(
  ctx: GuardContext,
  token: store.TurnToken,
  lines: readonly store.LogLine[],
  { idempotencyKey: key }: AppendOptions = {},
): Promise<void> {
  return answerInTime(ctx, async () => {
    if (lines.length > ctx.settings.logBatchLimit)
      throw new PhaselockError('invalid_request', { detail: 'too many lines in one batch' });
    if ((await storedAnswer(ctx, key, ctx.database)) !== undefined || lines.length === 0) return;
    const taken = standingsThat('logs', 'taken');
    const idempotency = key === undefined ? null : { ...keyRow(key), response: { appended: lines.length } };
    try {
      const appended = await store.appendLogs(ctx.database, token, { lines, taken, idempotency });
      if (appended.outcome === 'appended') return;
      const { sessionId } = token;
      await refuseReport(ctx, appended, { report: 'logs', operation: 'logs', sessionId });
    } catch (error) {
      // A concurrent call with the same key has appended the lines.
      if (isIdempotencyRace(error) && (await storedAnswer(ctx, key, ctx.database)) !== undefined) return;
      throw error;
    }
  });
}

/**
 * Records the usage totals of a process so far. The usage of a replaced session is booked as well, because it has been
 * spent.
 */
export function recordUsage(
  ctx: GuardContext,
  token: Pick<store.TurnToken, 'sessionId' | 'processId'>,
  usage: store.Usage,
): Promise<void> {
  return answerInTime(ctx, async () => {
    demandTotals(usage);
    const recorded = await store.recordUsage(ctx.database, token, usage, standingsThat('usage', 'taken'));
    if (recorded.outcome === 'recorded') return;
    const { sessionId } = token;
    await refuseReport(ctx, recorded, { report: 'usage', operation: 'usage', sessionId });
  });
}
