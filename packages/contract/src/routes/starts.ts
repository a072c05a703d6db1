import { z } from 'zod';
import { route } from '../route.ts';
import { anId, sessionId, taskId } from '../schemas/ids.ts';
import { modelSelection } from '../schemas/model.ts';
import { problem } from '../schemas/problem.ts';
import { liveSession, milestoneId, session, sessionBrief, startAnswer, startRequest } from '../schemas/session.ts';
import { mode, namedPhase } from '../schemas/slot.ts';

const group = 'Sessions';

const START_ERRORS = [
  'replace_confirmation_required',
  'keep_or_replace_required',
  'session_moved_on',
  'session_being_modified',
  'model_missing',
  'idempotency_key_reused',
  'task_not_found',
  'session_not_found',
  'session_create_failed',
] as const;

export const startSession = route({
  id: 'startSession',
  method: 'post',
  path: '/v1/sessions',
  group,
  summary: 'Start a session for a phase of a task',
  description:
    'A start with the same model returns the existing session. A start with a changed model returns 409 `replace_confirmation_required`; the same request with the `confirm` of that problem replaces the session that was shown, and no other. If another client was faster, the problem `session_moved_on` contains the question about the session that is live then, with its own `confirm`. Replacing needs the scope `sessions:replace`.',
  scope: 'sessions:write',
  body: startRequest,
  bodyLimit: 600_000,
  takesIdempotencyKey: true,
  answers: {
    200: { description: 'A session with the same model is active', schema: startAnswer },
    201: {
      description: 'A session was created; it may replace the session that was shown',
      schema: startAnswer,
      headers: { Location: 'Address of the session' },
    },
  },
  errors: START_ERRORS,
});

export const beginStandalone = route({
  id: 'beginStandalone',
  method: 'post',
  path: '/v1/sessions/standalone',
  group,
  summary: 'Create a temporary session outside every slot',
  description:
    'For a standalone execution, so that its usage is booked on a known session. The single-session rule does not apply. The session ends with its only execution; with a `milestoneId` it spans several tasks, and stays open until it is ended or has not changed for 30 days.',
  scope: 'sessions:write',
  body: z
    .strictObject({
      taskId,
      phase: namedPhase,
      mode: mode.exactOptional(),
      model: modelSelection,
      milestoneId: milestoneId.exactOptional(),
    })
    .meta({ id: 'StandaloneRequest' }),
  takesIdempotencyKey: true,
  answers: {
    201: { description: 'Created', schema: sessionBrief, headers: { Location: 'Address of the session' } },
  },
  errors: ['model_missing', 'task_not_found', 'session_create_failed', 'idempotency_key_reused'],
});

const BULK_LIMIT = 1_000;

const bulkResult = z
  .strictObject({ status: z.int(), answer: startAnswer.nullable(), problem: problem.nullable() })
  .meta({ id: 'BulkResult', description: 'Either `answer` or `problem` is set' });

export const startMany = route({
  id: 'startMany',
  method: 'post',
  path: '/v1/sessions/bulk',
  group,
  summary: 'Start sessions in many slots',
  description:
    'Each item succeeds or fails independently; the results are in the order of the items. A repeated call finds the sessions that the first call created. With the same Idempotency-Key it returns the same result for every item that led to a session, and evaluates the other items again.',
  scope: 'sessions:write',
  body: z
    .strictObject({
      items: z
        .array(startRequest.omit({ handoff: true, milestoneId: true }).meta({ id: 'BulkStartItem' }))
        .min(1)
        .max(BULK_LIMIT),
    })
    .meta({ id: 'BulkStartRequest' }),
  bodyLimit: 4_000_000,
  takesIdempotencyKey: true,
  answers: {
    200: {
      description: 'One result per item',
      schema: z.strictObject({ results: z.array(bulkResult) }).meta({ id: 'BulkStartAnswer' }),
    },
  },
  errors: ['session_create_failed', 'task_not_found', 'session_not_found', 'idempotency_key_reused'],
});

export const deleteMany = route({
  id: 'deleteMany',
  method: 'post',
  path: '/v1/sessions/bulk-delete',
  group,
  summary: 'Soft-delete many sessions',
  description:
    'Deletes all of them in one transaction. Without the scope `sessions:replace` the whole call is refused if one of them is the live session of a slot.',
  scope: 'sessions:write',
  body: z.strictObject({ sessionIds: z.array(sessionId).min(1).max(BULK_LIMIT) }).meta({ id: 'BulkDeleteRequest' }),
  answers: {
    200: {
      description: 'The sessions that this call deleted; the others were already deleted, or do not exist',
      schema: z.strictObject({ deleted: z.array(anId) }).meta({ id: 'BulkDeleteAnswer' }),
    },
  },
  errors: ['session_being_modified'],
});

export const latestOfMany = route({
  id: 'latestOfMany',
  method: 'post',
  path: '/v1/sessions/latest',
  group,
  summary: 'The latest session of every slot of many tasks',
  description: 'One query for all tasks, always read from the database. A task that does not exist has no sessions.',
  scope: 'sessions:read',
  body: z.strictObject({ taskIds: z.array(taskId).min(1).max(BULK_LIMIT) }).meta({ id: 'LatestRequest' }),
  answers: {
    200: {
      description: 'In no particular order',
      schema: z.strictObject({ sessions: z.array(session) }).meta({ id: 'LatestAnswer' }),
    },
  },
  errors: [],
});

export const latestSession = route({
  id: 'latestSession',
  method: 'get',
  path: '/v1/tasks/{taskId}/sessions/latest',
  group,
  summary: 'The live session of a slot',
  description:
    'At most two seconds old, because it may be served from the cache; `GET /v1/sessions/{sessionId}` always reads the database.',
  scope: 'sessions:read',
  params: z.strictObject({ taskId }),
  query: z.strictObject({ phase: namedPhase, mode: mode.exactOptional() }),
  answers: {
    200: {
      description: 'The state of the slot',
      schema: z.strictObject({ generation: z.int().min(0), session: liveSession.nullable() }).meta({ id: 'Slot' }),
    },
  },
  errors: ['task_not_found'],
});
