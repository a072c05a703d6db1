import type { LogRow, ProcessRow, SessionEventRow } from '@phaselock/store';
import { instant, instantOrNull, modelView } from './session-view.ts';

export const processView = (row: ProcessRow) => ({
  id: row.id,
  attemptId: row.attempt_id,
  sessionId: row.session_id,
  seq: row.seq,
  action: row.action,
  reason: row.reason,
  passedSessionId: row.passed_session_id,
  preRetryId: row.pre_retry_session_id,
  skipContext: row.skip_context,
  agentSessionId: row.agent_session_id,
  invalidated: row.invalidated,
  dropped: row.dropped,
  model: modelView({ ...row, resolvedModel: row.resolved_model }),
  generation: row.generation,
  status: row.status,
  exitCode: row.exit_code,
  usage: {
    inputTokens: row.input_tokens,
    outputTokens: row.output_tokens,
    turns: row.turns,
    costUsdMicros: row.cost_usd_micros,
  },
  startedAt: instant(row.started_at),
  endedAt: instantOrNull(row.ended_at),
});

export const eventView = (row: SessionEventRow) => ({
  id: row.id,
  type: row.type,
  reason: row.reason,
  sessionId: row.session_id,
  generation: row.generation,
  predecessorId: row.predecessor_id,
  actor: row.actor,
  detail: row.detail,
  at: instant(row.at),
  place: row.place,
  hash: row.hash?.toString('hex') ?? null,
});

export const logView = ({ id, process_id: processId, kind, line, at }: LogRow) => ({
  id,
  processId,
  kind,
  line,
  at: instant(at),
});
