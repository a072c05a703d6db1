import { SESSION_STATUSES } from '@phaselock/core';
import { z } from 'zod';
import { type AnswerSpec, route } from '../route.ts';
import { event, feedback, feedbackRequest, log } from '../schemas/history.ts';
import { generation, projectId, sessionId, taskId } from '../schemas/ids.ts';
import { modelName } from '../schemas/model.ts';
import { cursor, historyLimit, limit, pageOf, queryFlag, queryInteger } from '../schemas/page.ts';
import { milestoneId, session } from '../schemas/session.ts';
import { mode, namedPhase } from '../schemas/slot.ts';

const group = 'Sessions';
const params = z.strictObject({ sessionId });
const historyPage = z.strictObject({ limit: historyLimit, cursor: cursor.exactOptional() });

export const listSessions = route({
  id: 'listSessions',
  method: 'get',
  path: '/v1/sessions',
  group,
  summary: 'List sessions, newest first',
  scope: 'sessions:read',
  query: z.strictObject({
    taskId: taskId.exactOptional(),
    projectId: projectId.exactOptional(),
    phase: namedPhase.exactOptional(),
    mode: mode.exactOptional(),
    status: z.enum(SESSION_STATUSES).exactOptional(),
    model: modelName.exactOptional().meta({ description: 'The requested name, or the model that it stood for' }),
    milestoneId: milestoneId.exactOptional(),
    includeDeleted: queryFlag('Deleted sessions are included only if this is `true`').exactOptional(),
    limit,
    cursor: cursor.exactOptional(),
  }),
  answers: { 200: { description: 'A page', schema: pageOf(session, 'Sessions').meta({ id: 'SessionPage' }) } },
  errors: [],
});

const ETAG: AnswerSpec['headers'] = { ETag: 'The version, for If-Match' };

export const getSession = route({
  id: 'getSession',
  method: 'get',
  path: '/v1/sessions/{sessionId}',
  group,
  summary: 'Get a session, deleted or not',
  scope: 'sessions:read',
  params,
  answers: { 200: { description: 'The session', schema: session, headers: ETAG } },
  errors: ['session_not_found'],
});

export const deleteSession = route({
  id: 'deleteSession',
  method: 'delete',
  path: '/v1/sessions/{sessionId}',
  group,
  summary: 'Soft-delete a session',
  description:
    'The session leaves its slot and the lists; its record, logs and history are kept. Deleting it again has no effect. Deleting the live session of a slot needs the scope `sessions:replace`; deleting a standalone session, or one that has already left its slot, does not.',
  scope: 'sessions:write',
  params,
  takesIfMatch: true,
  answers: { 204: { description: 'Deleted' } },
  errors: ['session_not_found', 'version_mismatch', 'session_being_modified'],
});

export const stopSession = route({
  id: 'stopSession',
  method: 'post',
  path: '/v1/sessions/{sessionId}/stop',
  group,
  summary: 'End a session that keeps its slot',
  description: 'The next heartbeat of a process that still runs in it returns `stop`.',
  scope: 'sessions:write',
  params,
  body: z
    .strictObject({
      generation,
      as: z.enum(['stopped', 'completed', 'failed']).exactOptional().meta({ description: 'Default: `stopped`' }),
    })
    .meta({ id: 'StopRequest' }),
  answers: {
    200: {
      description: 'The session has ended',
      schema: z.strictObject({ version: z.int() }).meta({ id: 'StopAnswer' }),
      headers: ETAG,
    },
  },
  errors: ['session_not_found', 'stale_generation', 'illegal_transition', 'session_being_modified'],
});

export const sessionEvents = route({
  id: 'sessionEvents',
  method: 'get',
  path: '/v1/sessions/{sessionId}/events',
  group,
  summary: 'List the events of a session, in order',
  scope: 'sessions:read',
  params,
  query: historyPage,
  answers: {
    200: { description: 'A page', schema: pageOf(event, 'Events').meta({ id: 'EventList' }) },
  },
  errors: ['session_not_found'],
});

export const sessionLogs = route({
  id: 'sessionLogs',
  method: 'get',
  path: '/v1/sessions/{sessionId}/logs',
  group,
  summary: 'The log of a session, oldest first',
  scope: 'sessions:read',
  params,
  query: z.strictObject({
    limit: queryInteger(1, 1_000, 'Lines on a page; default 200').exactOptional(),
    cursor: cursor.exactOptional(),
  }),
  answers: { 200: { description: 'A page', schema: pageOf(log, 'Log lines').meta({ id: 'LogPage' }) } },
  errors: ['session_not_found'],
});

export const exportSession = route({
  id: 'exportSession',
  method: 'get',
  path: '/v1/sessions/{sessionId}/export',
  group,
  summary: 'Download all data of a session',
  description:
    'The session, its processes, its events and its log, as they were when the download began. JSON is one document, NDJSON has one line per part.',
  scope: 'sessions:read',
  params,
  query: z.strictObject({
    format: z.enum(['json', 'ndjson']).exactOptional().meta({ description: 'Default: `json`' }),
  }),
  answers: {
    200: {
      description: 'A download',
      mediaTypes: ['application/json', 'application/x-ndjson'],
      headers: { 'Content-Disposition': 'attachment' },
    },
  },
  errors: ['session_not_found'],
});

export const giveFeedback = route({
  id: 'giveFeedback',
  method: 'post',
  path: '/v1/sessions/{sessionId}/feedback',
  group,
  summary: 'Give feedback on how a session was managed',
  scope: 'sessions:write',
  params,
  body: feedbackRequest,
  takesIdempotencyKey: true,
  answers: { 204: { description: 'Stored' } },
  errors: ['session_not_found', 'idempotency_key_reused'],
});

export const listFeedback = route({
  id: 'listFeedback',
  method: 'get',
  path: '/v1/sessions/{sessionId}/feedback',
  group,
  summary: 'List the feedback on a session',
  scope: 'sessions:read',
  params,
  query: historyPage,
  answers: {
    200: {
      description: 'A page',
      schema: pageOf(feedback, 'Feedback').meta({ id: 'FeedbackList' }),
    },
  },
  errors: ['session_not_found'],
});

const STREAM: AnswerSpec = {
  description: 'Server-sent events: `id` is the position to resume from, `event` is `change`, `data` is a Change',
  mediaTypes: ['text/event-stream'],
};

const STREAM_NOTE =
  'The stream stays open until the client disconnects. A client that reconnects with `Last-Event-ID` receives every later change exactly once.';

export const taskChanges = route({
  id: 'taskChanges',
  method: 'get',
  path: '/v1/tasks/{taskId}/changes',
  group,
  summary: 'Changes of a task as they happen',
  description: STREAM_NOTE,
  scope: 'sessions:read',
  params: z.strictObject({ taskId }),
  answers: { 200: STREAM },
  errors: ['task_not_found', 'overloaded'],
});

export const projectChanges = route({
  id: 'projectChanges',
  method: 'get',
  path: '/v1/projects/{projectId}/changes',
  group,
  summary: 'Changes of all tasks of a project as they happen',
  description: STREAM_NOTE,
  scope: 'sessions:read',
  params: z.strictObject({ projectId }),
  answers: { 200: STREAM },
  errors: ['project_not_found', 'overloaded'],
});
