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
import { firstRow, grouped, type Writer, waitingWriteCall } from './sql.ts';

/** Turns of several sessions may count on one attempt, so its row is locked with the session. */
const BEGIN_TURN = grouped(waitingWriteCall('begin_turn', 21), {
  write: 'begin_turn',
  keyOf: ([sessionId]) => String(sessionId),
  way: {
    kind: 'each',
    types: [
      ...[
        'uuid',
        'bigint',
        'integer',
        'uuid',
        'uuid',
        'text',
        'text',
        'text',
        'text',
        'boolean',
        'text',
        'text',
        'text',
      ],
      ...['text', 'jsonb', 'boolean', 'uuid', 'text', 'jsonb', 'integer', 'text'],
    ],
    lock: `
      select s.id as first from sessions s join attempts a on a.id = i.p4
      where s.id = i.p1 for no key update of s, a skip locked`,
  },
});

export type BeginTurn = {
  readonly sessionId: SessionId;
  readonly generation: Generation;
  /** The session’s version when its history was read. The turn is refused if the version has changed. */
  readonly seenVersion: number;
  readonly attemptId: AttemptId;
  readonly processId: ProcessId;
  readonly action: ProcessAction;
  readonly reason: TurnReason;
  readonly passedSessionId: AgentSessionId | null;
  readonly preRetryId: AgentSessionId | null;
  readonly skipContext: boolean;
  readonly identity: ModelIdentity;
  /**
   * Set when the first process of this session resumes an earlier conversation. `conversationOf` is the session it
   * began in, null if unknown.
   */
  readonly takesUp: { readonly conversationOf: SessionId | null } | null;
  /** A conversation of the slot that the agent has lost. It is marked as not resumable. */
  readonly lostId: AgentSessionId | null;
  /** The previous model of the attempt, if it differs. Stored with the event of the turn. */
  readonly modelChange: { readonly previous: ModelIdentity } | null;
  readonly leaseMs: number;
  readonly actor: string | null;
};

export type BegunTurn =
  | {
      readonly kind: 'started';
      readonly seq: number;
      readonly leaseExpiresAt: Date;
      readonly sessionVersion: number;
      /** The lease of an earlier process had expired, and that process was marked as lost. */
      readonly lost: boolean;
    }
  | { readonly kind: 'moved' };

type Row =
  | { outcome: 'started'; seq: number; lease_expires_at: Date; session_version: number; lost: boolean }
  | { outcome: 'moved' };

const nameOf = ({ variant, model, resolvedModel }: ModelIdentity) => ({
  variant,
  model,
  resolved_model: resolvedModel,
});

export async function beginTurn(writer: Writer, turn: BeginTurn): Promise<BegunTurn> {
  const { agent, variant, model, resolvedModel, parameters } = turn.identity;
  const change = turn.modelChange && { previous: nameOf(turn.modelChange.previous), current: nameOf(turn.identity) };
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
      resolvedModel,
      JSON.stringify(parameters),
      turn.takesUp !== null,
      turn.takesUp?.conversationOf ?? null,
      turn.lostId,
      change === null ? null : JSON.stringify(change),
      turn.leaseMs,
      turn.actor,
    ]),
  );
  if (row.outcome === 'moved') return { kind: 'moved' };
  const { seq, lease_expires_at: leaseExpiresAt, session_version: sessionVersion, lost } = row;
  return { kind: 'started', seq, leaseExpiresAt, sessionVersion, lost };
}
