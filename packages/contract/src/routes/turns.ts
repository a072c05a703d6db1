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
    'Decides whether the agent resumes its conversation or begins another one, and says which id to pass it. A fresh conversation, or an earlier one that a retry names, is a new session in the slot. Replacing one, for whatever reason, needs the scope `sessions:replace`.',
  scope: 'sessions:write',
  params: z.strictObject({ sessionId }),
  body: turnRequest,
  bodyLimit: 600_000,
  takesIdempotencyKey: true,
  answers: { 201: { description: 'The process is running, by its lease', schema: turnAnswer } },
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
  description: 'The answer tells a replaced runner to stop its agent.',
  scope: 'sessions:write',
  params,
  body: fenced,
  keepsWorkAlive: true,
  answers: { 200: { description: 'Go on, or stop', schema: heartbeatAnswer } },
  errors: ['session_not_found'],
});

export const finishTurn = route({
  id: 'finishTurn',
  method: 'post',
  path: '/v1/sessions/{sessionId}/processes/{processId}/finish',
  group,
  summary: 'Say how a process ended',
  description:
    'Saying the same again changes nothing. It frees a waiting successor. A process whose lease lapsed, or after which another began, may say how it ended and what it used, and nothing of its conversation: `stale_process`. Of a replaced session the conversation is passed over.',
  scope: 'sessions:write',
  params,
  body: finishRequest,
  keepsWorkAlive: true,
  answers: { 200: { description: 'It is recorded', schema: finishAnswer } },
  errors: [...WRITE_ERRORS, 'illegal_transition', 'agent_session_taken'],
});

export const reportAgentSession = route({
  id: 'reportAgentSession',
  method: 'put',
  path: '/v1/sessions/{sessionId}/processes/{processId}/agent-session',
  group,
  summary: "Tell the agent's own id of the conversation",
  scope: 'sessions:write',
  params,
  body: agentSessionRequest,
  keepsWorkAlive: true,
  answers: { 204: { description: 'It is recorded' } },
  errors: [...WRITE_ERRORS, 'agent_session_taken'],
});

export const recordUsage = route({
  id: 'recordUsage',
  method: 'put',
  path: '/v1/sessions/{sessionId}/processes/{processId}/usage',
  group,
  summary: 'Tell the usage of a process so far',
  description:
    'Totals, not increments; one that is lower than what is booked changes nothing. A replaced session still gets its usage booked: it was used. After a later process began it is taken with the finish alone.',
  scope: 'sessions:write',
  params,
  body: usage,
  keepsWorkAlive: true,
  answers: { 204: { description: 'It is booked' } },
  errors: ['session_not_found', 'process_not_found', 'stale_process'],
});

export const appendLogs = route({
  id: 'appendLogs',
  method: 'post',
  path: '/v1/sessions/{sessionId}/processes/{processId}/logs',
  group,
  summary: 'Append to the log',
  description:
    'Newline-delimited JSON, at most 5000 lines; all of them are kept, or none. Repeated with the same Idempotency-Key it adds none.',
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
  answers: { 200: { description: 'They are kept', schema: logsAnswer } },
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
