import type { LogOfSession, SessionContents } from '@phaselock/store';
import type {
  ArchivedEvent,
  ArchivedFeedback,
  ArchivedLog,
  ArchivedProcess,
  ArchivedSession,
} from './session-archive.ts';

type Identity = Pick<SessionContents['session'], 'agent' | 'variant' | 'model' | 'resolved_model' | 'parameters'>;
type Used = Pick<SessionContents['session'], 'input_tokens' | 'output_tokens' | 'turns' | 'cost_usd_micros'>;

const modelOf = ({ agent, variant, model, resolved_model, parameters }: Identity): ArchivedSession['model'] => ({
  agent,
  variant,
  model,
  ...(resolved_model !== null && { resolvedModel: resolved_model }),
  parameters: { ...parameters },
});

const usageOf = (row: Used): ArchivedSession['usage'] => ({
  inputTokens: row.input_tokens,
  outputTokens: row.output_tokens,
  turns: row.turns,
  costUsdMicros: row.cost_usd_micros,
});

const orNull = (at: Date | null): string | null => at?.toISOString() ?? null;

/** The order of the fields is part of the format: every worker produces the same bytes for the same session. */
export function archivedSession(row: SessionContents['session']): ArchivedSession {
  if (row.deleted_at === null || row.deleted_reason === null) throw new Error(`session ${row.id} is not deleted`);
  return {
    id: row.id,
    taskId: row.task_id,
    phase: row.phase,
    mode: row.mode,
    model: modelOf(row),
    status: row.status,
    generation: row.generation,
    version: row.version,
    guarded: row.guarded,
    standalone: row.standalone,
    userId: row.created_by,
    predecessorId: row.predecessor_id,
    replacedBy: row.replaced_by,
    handoff: row.handoff,
    agentSessionId: row.agent_session_id,
    ...(row.milestone_id !== null && { milestoneId: row.milestone_id }),
    ...(row.taken_up !== null && { takenUp: row.taken_up }),
    ...(row.conversation_of !== null && { conversationOf: row.conversation_of }),
    ...(row.kept_through !== null && { keptThrough: row.kept_through }),
    usage: usageOf(row),
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    endedAt: orNull(row.ended_at),
    deletedAt: row.deleted_at.toISOString(),
    deletedReason: row.deleted_reason,
  };
}

export const archivedProcess = (row: SessionContents['processes'][number]): ArchivedProcess => ({
  id: row.id,
  attemptId: row.attempt_id,
  seq: row.seq,
  action: row.action,
  reason: row.reason,
  passedSessionId: row.passed_session_id,
  preRetrySessionId: row.pre_retry_session_id,
  skipContext: row.skip_context,
  agentSessionId: row.agent_session_id,
  invalidated: row.invalidated,
  dropped: row.dropped,
  model: modelOf(row),
  generation: row.generation,
  status: row.status,
  exitCode: row.exit_code,
  usage: usageOf(row),
  startedAt: row.started_at.toISOString(),
  endedAt: orNull(row.ended_at),
});

export const archivedEvent = (row: SessionContents['events'][number]): ArchivedEvent => ({
  id: row.id,
  sessionId: row.session_id,
  type: row.type,
  reason: row.reason,
  generation: row.generation,
  predecessorId: row.predecessor_id,
  actor: row.actor,
  detail: row.detail,
  at: row.at.toISOString(),
  ...(row.place !== null && row.hash !== null && { place: row.place, hash: row.hash.toString('hex') }),
});

export const archivedFeedback = (row: SessionContents['feedback'][number]): ArchivedFeedback => ({
  id: row.id,
  rating: row.rating,
  comment: row.comment,
  createdBy: row.created_by,
  createdAt: row.created_at.toISOString(),
});

export const archivedLog = ({ id, process_id, kind, at, line }: LogOfSession): ArchivedLog => ({
  id,
  processId: process_id,
  kind,
  at: at.toISOString(),
  line,
});
