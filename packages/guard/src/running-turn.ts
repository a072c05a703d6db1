import {
  type AgentSessionId,
  canEnd,
  type ErrorCode,
  PhaselockError,
  PROCESS_STATUSES,
  type ProcessEnding,
  type SessionId,
} from '@phaselock/core';
import * as store from '@phaselock/store';
import { answerInTime } from './answer-in-time.ts';
import type { GuardContext } from './context.ts';

export type { LogLine, TurnToken, Usage } from '@phaselock/store';

type RefusedOutcome = 'stale' | 'session-not-found' | 'process-not-found' | 'illegal-transition';

const REFUSALS: Readonly<Record<RefusedOutcome, ErrorCode>> = {
  stale: 'stale_generation',
  'session-not-found': 'session_not_found',
  'process-not-found': 'process_not_found',
  'illegal-transition': 'illegal_transition',
};

type Fenced = Parameters<GuardContext['telemetry']['writeFenced']>[0];

function refuse(ctx: GuardContext, operation: Fenced, outcome: RefusedOutcome): never {
  if (outcome === 'stale') ctx.telemetry.writeFenced(operation);
  throw new PhaselockError(REFUSALS[outcome]);
}

export type HeartbeatAnswer =
  | { readonly kind: 'continue'; readonly leaseExpiresAt: Date }
  /** The session was replaced, closed or given away: the runner ends its agent and reports that it stopped. */
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

export type FinishTurn = store.TurnToken & {
  readonly ending: ProcessEnding;
  readonly exitCode?: number;
  readonly agentSessionId?: AgentSessionId;
  readonly lostAgentSession?: boolean;
  readonly usage?: store.Usage;
  readonly actor?: string;
};

export type FinishedTurn = {
  readonly kind: 'finished';
  /** True when the session had been replaced: this was its runner saying that it stopped. */
  readonly replaced: boolean;
  readonly version: number;
};

export function finishTurn(ctx: GuardContext, finish: FinishTurn): Promise<FinishedTurn> {
  return answerInTime(ctx, async () => {
    await ctx.racepoint?.('finish:before');
    const { sessionId, generation, processId, ending, usage } = finish;
    // Booked before the end, so that a kill in between leaves a running process with its usage rather than an ended one without.
    if (usage !== undefined) await book(ctx, finish, usage);
    const finished = await store.finishTurn(ctx.database, {
      sessionId,
      generation,
      processId,
      ending,
      from: PROCESS_STATUSES.filter((status) => canEnd(status, ending)),
      exitCode: finish.exitCode ?? null,
      agentSessionId: finish.agentSessionId ?? null,
      lostAgentSession: finish.lostAgentSession ?? false,
      actor: finish.actor ?? null,
    });
    await ctx.racepoint?.('finish:written');
    if (finished.outcome !== 'finished') return refuse(ctx, 'finish-turn', finished.outcome);
    ctx.telemetry.turnEnded(ending);
    return { kind: 'finished', replaced: finished.session_deleted, version: finished.session_version };
  });
}

/** The agent's own id, as soon as it tells one. */
export function reportAgentSession(
  ctx: GuardContext,
  token: store.TurnToken,
  agentSessionId: AgentSessionId,
): Promise<void> {
  return answerInTime(ctx, async () => {
    const reported = await store.reportAgentSession(ctx.database, token, agentSessionId);
    if (reported !== 'reported') refuse(ctx, 'agent-session', reported);
  });
}

export function appendLogs(ctx: GuardContext, token: store.TurnToken, lines: readonly store.LogLine[]): Promise<void> {
  return answerInTime(ctx, async () => {
    if (lines.length > ctx.settings.logBatchLimit)
      throw new PhaselockError('invalid_request', { detail: 'too many lines in one batch' });
    if (lines.length === 0) return;
    const appended = await store.appendLogs(ctx.database, token, lines);
    if (appended !== 'appended') refuse(ctx, 'logs', appended);
  });
}

/** Totals so far of one process. A replaced session still gets its usage booked: it was used. */
export function recordUsage(
  ctx: GuardContext,
  token: Pick<store.TurnToken, 'sessionId' | 'processId'>,
  usage: store.Usage,
): Promise<void> {
  return answerInTime(ctx, () => book(ctx, token, usage));
}

async function book(
  ctx: GuardContext,
  { sessionId, processId }: Pick<store.TurnToken, 'sessionId' | 'processId'>,
  usage: store.Usage,
): Promise<void> {
  if (Object.values(usage).some((total) => !Number.isSafeInteger(total) || total < 0)) {
    throw new PhaselockError('invalid_request', { detail: 'usage totals are whole numbers from 0' });
  }
  const recorded = await store.recordUsage(ctx.database, sessionId, processId, usage);
  if (recorded !== 'recorded') refuse(ctx, 'usage', recorded);
}
