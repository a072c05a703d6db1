import type {
  AgentSessionId,
  AttemptId,
  Generation,
  ModelIdentity,
  ProcessAction,
  ProcessId,
  SessionId,
  TurnReason,
} from '@phaselock/core';
import { firstRow, functionCall, type Writer } from './sql.ts';

const BEGIN_TURN = functionCall('begin_turn', 16);

export type BeginTurn = {
  readonly sessionId: SessionId;
  readonly generation: Generation;
  /** The session's version when its history was read: nothing is written unless it still is that. */
  readonly seenVersion: number;
  readonly attemptId: AttemptId;
  readonly processId: ProcessId;
  readonly action: ProcessAction;
  readonly reason: TurnReason;
  readonly passedSessionId: AgentSessionId | null;
  readonly preRetryId: AgentSessionId | null;
  readonly skipContext: boolean;
  readonly identity: ModelIdentity;
  readonly leaseMs: number;
  readonly actor: string | null;
};

export type BegunTurn =
  | { readonly kind: 'started'; readonly seq: number; readonly leaseExpiresAt: Date; readonly sessionVersion: number }
  | { readonly kind: 'moved' };

type Row = { outcome: 'started'; seq: number; lease_expires_at: Date; session_version: number } | { outcome: 'moved' };

export async function beginTurn(writer: Writer, turn: BeginTurn): Promise<BegunTurn> {
  const { agent, variant, model, parameters } = turn.identity;
  const row = firstRow(
    await writer.queryAndCommit<Row>(BEGIN_TURN, [
      turn.sessionId,
      turn.generation,
      turn.seenVersion,
      turn.attemptId,
      turn.processId,
      turn.action,
      turn.reason,
      turn.passedSessionId,
      turn.preRetryId,
      turn.skipContext,
      agent,
      variant,
      model,
      JSON.stringify(parameters),
      turn.leaseMs,
      turn.actor,
    ]),
  );
  if (row.outcome === 'moved') return { kind: 'moved' };
  return { kind: 'started', seq: row.seq, leaseExpiresAt: row.lease_expires_at, sessionVersion: row.session_version };
}
