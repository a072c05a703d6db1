import type {
  AgentSessionId,
  Generation,
  Mode,
  Phase,
  ProcessEnding,
  ProcessId,
  ProcessStatus,
  SessionId,
  SessionStatus,
  Standing,
  TaskId,
} from '@phaselock/core';
import type { IdempotencyRow } from './open-session.ts';
import type { LogKind } from './schema.ts';
import { firstRow, type GroupedWrite, type Grouping, grouped, type Sql, waitingWriteCall } from './sql.ts';

/**
 * Identifies the writer in every write of a running agent: the session, its generation (the fencing token) and the
 * process.
 */
export type TurnToken = {
  readonly sessionId: SessionId;
  readonly generation: Generation;
  readonly processId: ProcessId;
};

const keyOf: Grouping['keyOf'] = ([sessionId]) => String(sessionId);

/** The functions of a running turn lock the row of its session first. */
const lockingSession = (write: GroupedWrite, types: readonly string[]): Grouping => ({
  write,
  keyOf,
  way: {
    kind: 'each',
    types,
    lock: 'select s.id as first from sessions s where s.id = i.p1 for no key update skip locked',
  },
});

const HEARTBEAT = grouped(waitingWriteCall('heartbeat', 4), {
  write: 'heartbeat',
  keyOf,
  way: { kind: 'at-once', name: 'heartbeats', keys: ['session_id', 'generation', 'process_id', 'lease_ms'] },
});

export type Heartbeat =
  | { readonly outcome: 'renewed'; readonly lease_expires_at: Date }
  | { readonly outcome: 'stale' | 'replaced' | 'not-running'; readonly replaced_by: SessionId | null }
  | { readonly outcome: 'session-not-found' };

export async function renewLease(sql: Sql, token: TurnToken, leaseMs: number): Promise<Heartbeat> {
  return firstRow(await sql.query<Heartbeat>(HEARTBEAT, [token.sessionId, token.generation, token.processId, leaseMs]));
}

/** The process may not report this in its standing, which the database determined under the row lock. */
type Refused = { readonly outcome: 'refused'; readonly standing: Standing };
type NotThere = { readonly outcome: 'session-not-found' | 'process-not-found' | 'stale' };

const FINISH_TURN = grouped(
  waitingWriteCall('finish_turn', 15),
  lockingSession('finish_turn', [
    'uuid',
    'bigint',
    'uuid',
    'text',
    'text[]',
    'integer',
    'text',
    'boolean',
    'text[]',
    'text[]',
    'bigint',
    'bigint',
    'bigint',
    'bigint',
    'text',
  ]),
);

export type FinishedTurn =
  | {
      readonly outcome: 'finished';
      readonly standing: Standing;
      readonly session_version: number;
      readonly session_deleted: boolean;
      /** False when this ending was already recorded. */
      readonly ended: boolean;
      /** The session was temporary, for this execution only, and ended with it. */
      readonly session_ended: boolean;
      readonly task_id: TaskId;
      readonly phase: Phase;
      readonly mode: Mode;
      readonly session_status: SessionStatus;
    }
  | { readonly outcome: 'illegal-transition' }
  | NotThere
  | Refused;

export type FinishTurn = TurnToken & {
  readonly ending: ProcessEnding;
  readonly from: readonly ProcessStatus[];
  readonly exitCode: number | null;
  readonly agentSessionId: AgentSessionId | null;
  /** The agent reported that it does not know the conversation it was asked to resume. */
  readonly lostAgentSession: boolean;
  /**
   * The standings in which the conversation data of the call is written. In any standing that is in neither list, the
   * call is refused.
   */
  readonly conversationTaken: readonly Standing[];
  /** The standings in which the conversation data of the call is ignored. */
  readonly conversationIgnored: readonly Standing[];
  readonly usage: Usage | null;
  readonly actor: string | null;
};

export async function finishTurn(sql: Sql, finish: FinishTurn): Promise<FinishedTurn> {
  const values = [
    finish.sessionId,
    finish.generation,
    finish.processId,
    finish.ending,
    finish.from,
    finish.exitCode,
    finish.agentSessionId,
    finish.lostAgentSession,
    finish.conversationTaken,
    finish.conversationIgnored,
    finish.usage?.inputTokens ?? null,
    finish.usage?.outputTokens ?? null,
    finish.usage?.turns ?? null,
    finish.usage?.costUsdMicros ?? null,
    finish.actor,
  ];
  return firstRow(await sql.query<FinishedTurn>(FINISH_TURN, values));
}

const REPORT_AGENT_SESSION = grouped(
  waitingWriteCall('report_agent_session', 5),
  lockingSession('report_agent_session', ['uuid', 'bigint', 'uuid', 'text', 'text[]']),
);

export type ReportedAgentSession = { readonly outcome: 'reported' } | NotThere | Refused;

export async function reportAgentSession(
  sql: Sql,
  token: TurnToken,
  agentSessionId: AgentSessionId,
  taken: readonly Standing[],
): Promise<ReportedAgentSession> {
  const values = [token.sessionId, token.generation, token.processId, agentSessionId, taken];
  return firstRow(await sql.query<ReportedAgentSession>(REPORT_AGENT_SESSION, values));
}

const APPEND_LOGS = grouped(
  waitingWriteCall('append_logs', 10),
  lockingSession('append_logs', [
    'uuid',
    'bigint',
    'uuid',
    'text[]',
    'text[]',
    'text[]',
    'text',
    'text',
    'text',
    'jsonb',
  ]),
);

export type LogLine = { readonly kind: LogKind; readonly line: string };

export type AppendedLogs = { readonly outcome: 'appended' } | NotThere | Refused;

export type AppendLogs = {
  readonly lines: readonly LogLine[];
  readonly taken: readonly Standing[];
  readonly idempotency: IdempotencyRow | null;
};

export async function appendLogs(
  sql: Sql,
  token: TurnToken,
  { lines, taken, idempotency }: AppendLogs,
): Promise<AppendedLogs> {
  const values = [
    token.sessionId,
    token.generation,
    token.processId,
    lines.map(({ kind }) => kind),
    lines.map(({ line }) => line),
    taken,
    idempotency?.scope ?? null,
    idempotency?.key ?? null,
    idempotency?.requestHash ?? null,
    idempotency === null ? null : JSON.stringify(idempotency.response),
  ];
  return firstRow(await sql.query<AppendedLogs>(APPEND_LOGS, values));
}

const RECORD_USAGE = grouped(
  waitingWriteCall('record_usage', 7),
  lockingSession('record_usage', ['uuid', 'uuid', 'bigint', 'bigint', 'bigint', 'bigint', 'text[]']),
);

/** Running totals of one process, not increments. */
export type Usage = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly turns: number;
  readonly costUsdMicros: number;
};

export type RecordedUsage =
  | { readonly outcome: 'recorded' }
  | { readonly outcome: 'session-not-found' | 'process-not-found' }
  | Refused;

export async function recordUsage(
  sql: Sql,
  { sessionId, processId }: Pick<TurnToken, 'sessionId' | 'processId'>,
  usage: Usage,
  taken: readonly Standing[],
): Promise<RecordedUsage> {
  const totals = [usage.inputTokens, usage.outputTokens, usage.turns, usage.costUsdMicros];
  return firstRow(await sql.query<RecordedUsage>(RECORD_USAGE, [sessionId, processId, ...totals, taken]));
}

const CLOSE_SESSION = waitingWriteCall('close_session', 5);

export type ClosedSession =
  | {
      readonly outcome: 'closed';
      readonly session_version: number;
      readonly task_id: TaskId;
      readonly phase: Phase;
      readonly mode: Mode;
      /** The session was the temporary record of a standalone execution. */
      readonly temporary: boolean;
    }
  | { readonly outcome: 'stale' | 'session-not-found' | 'illegal-transition' };

export async function closeSession(
  sql: Sql,
  close: {
    sessionId: SessionId;
    generation: Generation;
    status: SessionStatus;
    from: readonly SessionStatus[];
    actor: string | null;
  },
): Promise<ClosedSession> {
  return firstRow(
    await sql.query<ClosedSession>(CLOSE_SESSION, [
      close.sessionId,
      close.generation,
      close.status,
      close.from,
      close.actor,
    ]),
  );
}
