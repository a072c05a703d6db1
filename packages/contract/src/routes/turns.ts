import { z } from 'zod';
import { route } from '../route.ts';
import { logLine, logsAnswer } from '../schemas/history.ts';
import { attemptId, generation, processId, sessionId } from '../schemas/ids.ts';
import { cursor, historyLimit, limit, pageOf } from '../schemas/page.ts';
import { usage } from '../schemas/session.ts';
import {
  agentSessionRequest,
  fenced,
  finishAnswer,
  finishRequest,
  heartbeatAnswer,
  process,
  turnAnswer,
  turnRequest,
} from '../schemas/turn.ts';

const group = 'Turns';
const params = z.strictObject({ sessionId, processId });
const WRITE_ERRORS = ['session_not_found', 'process_not_found', 'stale_generation', 'stale_process'] as const;

export const startTurn = route({
  id: 'startTurn',
  method: 'post',
  path: '/v1/sessions/{sessionId}/turns',
  group,
  summary: 'Start a process in a session',
  description:
    'Decides whether the agent resumes its conversation or begins another one, and returns the id to pass to it. A fresh conversation, or an earlier one that a retry names, becomes a new session in the slot. Replacing a session, for any reason, needs the scope `sessions:replace`.',
  scope: 'sessions:write',
  params: z.strictObject({ sessionId }),
  body: turnRequest,
  bodyLimit: 600_000,
  takesIdempotencyKey: true,
  answers: { 201: { description: 'The process is recorded as running and holds a lease', schema: turnAnswer } },
  errors: [
    'replace_confirmation_required',
    'keep_or_replace_required',
    'session_moved_on',
    'session_being_modified',
    'predecessor_stopping',
    'turn_running',
    'stale_generation',
    'illegal_transition',
    'agent_session_taken',
    'model_missing',
    'idempotency_key_reused',
    'session_not_found',
    'attempt_not_found',
  ],
});

export const heartbeat = route({
  id: 'heartbeat',
  method: 'post',
  path: '/v1/sessions/{sessionId}/processes/{processId}/heartbeat',
  group,
  summary: 'Renew the lease of a process',
  description: 'The answer `stop` means that the runner must stop its agent; `why` states the reason.',
  scope: 'sessions:write',
  params,
  body: fenced,
  keepsWorkAlive: true,
  answers: { 200: { description: 'Continue, or stop', schema: heartbeatAnswer } },
  errors: ['session_not_found'],
});

export const finishTurn = route({
  id: 'finishTurn',
  method: 'post',
  path: '/v1/sessions/{sessionId}/processes/{processId}/finish',
  group,
  summary: 'Report how a process ended',
  description:
    'Repeating the call has no effect. It unblocks a waiting successor. A process whose lease expired, or after which another one began, may report its ending and usage; a report about its conversation is refused with `stale_process`. For a replaced session that report is ignored.',
  scope: 'sessions:write',
  params,
  body: finishRequest,
  keepsWorkAlive: true,
  answers: { 200: { description: 'Recorded', schema: finishAnswer } },
  errors: [...WRITE_ERRORS, 'illegal_transition', 'agent_session_taken'],
});

export const reportAgentSession = route({
  id: 'reportAgentSession',
  method: 'put',
  path: '/v1/sessions/{sessionId}/processes/{processId}/agent-session',
  group,
  summary: "Report the agent's own id of the conversation",
  scope: 'sessions:write',
  params,
  body: agentSessionRequest,
  keepsWorkAlive: true,
  answers: { 204: { description: 'Recorded' } },
  errors: [...WRITE_ERRORS, 'agent_session_taken'],
});

export const recordUsage = route({
  id: 'recordUsage',
  method: 'put',
  path: '/v1/sessions/{sessionId}/processes/{processId}/usage',
  group,
  summary: 'Report the usage of a process so far',
  description:
    'Totals, not increments; a total that is lower than the booked one has no effect. Usage of a replaced session is still booked, because it was consumed. After a later process has begun, usage is accepted only with the finish.',
  scope: 'sessions:write',
  params,
  body: usage,
  keepsWorkAlive: true,
  answers: { 204: { description: 'Booked' } },
  errors: ['session_not_found', 'process_not_found', 'stale_process'],
});

export const appendLogs = route({
  id: 'appendLogs',
  method: 'post',
  path: '/v1/sessions/{sessionId}/processes/{processId}/logs',
  group,
  summary: 'Append to the log',
  description:
    'Newline-delimited JSON, at most 5000 lines; either all of them are stored, or none. A repeated call with the same Idempotency-Key adds no lines.',
  scope: 'sessions:write',
  params,
  query: z.strictObject({
    generation: z.preprocess(
      (value) => (typeof value === 'string' && /^\d{1,15}$/.test(value) ? Number(value) : value),
      generation,
    ),
  }),
  line: logLine,
  bodyLimit: 4_000_000,
  takesIdempotencyKey: true,
  keepsWorkAlive: true,
  answers: { 200: { description: 'Stored', schema: logsAnswer } },
  errors: [...WRITE_ERRORS, 'idempotency_key_reused'],
});

export const attemptProcesses = route({
  id: 'attemptProcesses',
  method: 'get',
  path: '/v1/attempts/{attemptId}/processes',
  group,
  summary: 'The processes of an attempt, in order',
  scope: 'sessions:read',
  params: z.strictObject({ attemptId }),
  query: z.strictObject({ limit, cursor: cursor.exactOptional() }),
  answers: { 200: { description: 'A page', schema: pageOf(process, 'Processes').meta({ id: 'ProcessPage' }) } },
  errors: ['attempt_not_found'],
});

export const sessionProcesses = route({
  id: 'sessionProcesses',
  method: 'get',
  path: '/v1/sessions/{sessionId}/processes',
  group,
  summary: 'The processes of a session, in order',
  scope: 'sessions:read',
  params: z.strictObject({ sessionId }),
  query: z.strictObject({ limit: historyLimit, cursor: cursor.exactOptional() }),
  answers: {
    200: {
      description: 'A page',
      schema: pageOf(process, 'Processes').meta({ id: 'ProcessList' }),
    },
  },
  errors: ['session_not_found'],
});
