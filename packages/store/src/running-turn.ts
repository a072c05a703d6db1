import type {
  AgentSessionId,
  Generation,
  ProcessEnding,
  ProcessId,
  ProcessStatus,
  SessionId,
  SessionStatus,
} from '@phaselock/core';
import type { LogKind } from './schema.ts';
import { firstRow, functionCall, type Sql } from './sql.ts';

/** Every write of a running agent names the session, the generation it was born with, and the process. */
export type TurnToken = {
  readonly sessionId: SessionId;
  readonly generation: Generation;
  readonly processId: ProcessId;
};

const HEARTBEAT = functionCall('heartbeat', 4);

export type Heartbeat =
  | { readonly outcome: 'renewed'; readonly lease_expires_at: Date }
  | { readonly outcome: 'stale' | 'replaced' | 'not-running'; readonly replaced_by: SessionId | null }
  | { readonly outcome: 'session-not-found' };

export async function renewLease(sql: Sql, token: TurnToken, leaseMs: number): Promise<Heartbeat> {
  return firstRow(await sql.query<Heartbeat>(HEARTBEAT, [token.sessionId, token.generation, token.processId, leaseMs]));
}

const FINISH_TURN = functionCall('finish_turn', 9);

export type FinishedTurn =
  | { readonly outcome: 'finished'; readonly session_version: number; readonly session_deleted: boolean }
  | { readonly outcome: 'session-not-found' | 'process-not-found' | 'stale' | 'illegal-transition' };

export type FinishTurn = TurnToken & {
  readonly ending: ProcessEnding;
  readonly from: readonly ProcessStatus[];
  readonly exitCode: number | null;
  readonly agentSessionId: AgentSessionId | null;
  /** The agent answered that it knows no conversation with the id it was passed. */
  readonly lostAgentSession: boolean;
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
    finish.actor,
  ];
  return firstRow(await sql.query<FinishedTurn>(FINISH_TURN, values));
}

const REPORT_AGENT_SESSION = functionCall('report_agent_session', 4);

type Reported = 'reported' | 'stale' | 'session-not-found' | 'process-not-found';

export async function reportAgentSession(
  sql: Sql,
  token: TurnToken,
  agentSessionId: AgentSessionId,
): Promise<Reported> {
  const values = [token.sessionId, token.generation, token.processId, agentSessionId];
  return firstRow(await sql.query<{ report_agent_session: Reported }>(REPORT_AGENT_SESSION, values))
    .report_agent_session;
}

const APPEND_LOGS = functionCall('append_logs', 5);

export type LogLine = { readonly kind: LogKind; readonly line: string };

type Appended = 'appended' | 'stale' | 'session-not-found' | 'process-not-found';

export async function appendLogs(sql: Sql, token: TurnToken, lines: readonly LogLine[]): Promise<Appended> {
  const values = [
    token.sessionId,
    token.generation,
    token.processId,
    lines.map(({ kind }) => kind),
    lines.map(({ line }) => line),
  ];
  return firstRow(await sql.query<{ append_logs: Appended }>(APPEND_LOGS, values)).append_logs;
}

const RECORD_USAGE = functionCall('record_usage', 6);

/** Totals of one process so far, not increments. */
export type Usage = {
  readonly inputTokens: number;
  readonly outputTokens: number;
  readonly turns: number;
  readonly costUsdMicros: number;
};

type Recorded = 'recorded' | 'session-not-found' | 'process-not-found';

export async function recordUsage(
  sql: Sql,
  sessionId: SessionId,
  processId: ProcessId,
  usage: Usage,
): Promise<Recorded> {
  const values = [sessionId, processId, usage.inputTokens, usage.outputTokens, usage.turns, usage.costUsdMicros];
  return firstRow(await sql.query<{ record_usage: Recorded }>(RECORD_USAGE, values)).record_usage;
}

const CLOSE_SESSION = functionCall('close_session', 5);

export type ClosedSession =
  | { readonly outcome: 'closed'; readonly session_version: number }
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
