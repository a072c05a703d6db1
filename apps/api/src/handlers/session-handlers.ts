import { ROUTES, slotFilterOf } from '@phaselock/contract';
import { parseSessionId } from '@phaselock/core';
import { grants } from '../access/scopes.ts';
import { cutWhenDenied } from '../access/when-denied.ts';
import { answerPage } from '../server/answer-page.ts';
import { NO_CONTENT, ok } from '../server/answers.ts';
import { handle } from '../server/handle.ts';
import { etagOf } from '../server/read-headers.ts';
import { feedbackView } from '../views/board-view.ts';
import { eventView, logView } from '../views/history-view.ts';
import { sessionView } from '../views/session-view.ts';
import type { ApiContext } from './api-context.ts';
import { bigNumberPlace, placeOf } from './place.ts';
import { sendExport } from './send-export.ts';

const LOG_PAGE = 200;
const HOW = { stopped: 'stop', completed: 'complete', failed: 'fail' } as const;

export const sessionHandlers = ({ guard, changes, places, write }: ApiContext) => ({
  listSessions: handle(ROUTES.listSessions, async ({ query, caller }) => {
    const { limit, cursor, phase, mode, ...rest } = query;
    const filter = { ...rest, ...slotFilterOf({ ...(phase && { phase }), ...(mode && { mode }) }) };
    const own = caller.projectId === null ? {} : { projectId: caller.projectId };
    const page = await guard.list({ ...filter, ...own }, { limit, ...placeOf(cursor, parseSessionId) });
    // An empty page does not show whether the task or project in the filter exists.
    if (page.sessions.length === 0 && query.taskId !== undefined) await guard.task(query.taskId);
    if (page.sessions.length === 0 && query.projectId !== undefined) await guard.project(query.projectId);
    return answerPage({ items: page.sessions, next: page.next }, sessionView, ({ id }) => id);
  }),

  getSession: handle(ROUTES.getSession, async ({ params }) => {
    const session = await guard.session(params.sessionId);
    return ok(sessionView(session), { ETag: etagOf(session.version) });
  }),

  deleteSession: handle(ROUTES.deleteSession, async ({ params, ifMatch, caller }) => {
    const { sessionId } = params;
    await guard.softDelete({
      sessionId,
      actor: caller.name,
      mayReplace: grants(caller.scopes, 'sessions:replace'),
      ...(ifMatch !== undefined && { seenVersion: ifMatch }),
    });
    return NO_CONTENT;
  }),

  stopSession: handle(ROUTES.stopSession, async ({ params, body, caller }) => {
    const { generation, as = 'stopped' } = body;
    const { version } = await guard.closeSession({ ...params, generation, how: HOW[as], actor: caller.name });
    return ok({ version }, { ETag: etagOf(version) });
  }),

  sessionEvents: handle(ROUTES.sessionEvents, async ({ params, query: { limit, cursor } }) => {
    const page = await guard.eventPage(params.sessionId, { limit, ...placeOf(cursor, bigNumberPlace) });
    return answerPage(page, eventView, ({ id }) => id);
  }),

  sessionLogs: handle(ROUTES.sessionLogs, async ({ params, query }) => {
    const { limit = LOG_PAGE, cursor } = query;
    const page = await guard.logs(params.sessionId, { limit, ...placeOf(cursor, bigNumberPlace) });
    return answerPage(page, logView, ({ id }) => id);
  }),

  exportSession: handle(ROUTES.exportSession, async ({ params, query, caller, response, whenGone, whenDenied }) => {
    const format = query.format ?? 'json';
    places.take('download', caller.id, response);
    cutWhenDenied({ response, whenDenied });
    return await sendExport(guard.exportSession(params.sessionId), {
      ...params,
      format,
      response,
      write,
      signal: whenGone(),
    });
  }),

  giveFeedback: handle(ROUTES.giveFeedback, async ({ params, body, caller, idempotencyKey }) => {
    await guard.recordFeedback({
      ...params,
      ...body,
      actor: caller.name,
      ...(idempotencyKey && { idempotencyKey }),
    });
    return NO_CONTENT;
  }),

  listFeedback: handle(ROUTES.listFeedback, async ({ params, query: { limit, cursor } }) => {
    const page = await guard.feedbackOf(params.sessionId, { limit, ...placeOf(cursor, bigNumberPlace) });
    return answerPage(page, feedbackView, ({ id }) => id);
  }),

  taskChanges: handle(ROUTES.taskChanges, async (call) => {
    const { taskId } = call.params;
    await guard.task(taskId);
    return await changes.stream({ kind: 'task', taskId }, call);
  }),

  projectChanges: handle(ROUTES.projectChanges, async (call) => {
    const { projectId } = call.params;
    await guard.project(projectId);
    return await changes.stream({ kind: 'project', projectId }, call);
  }),
});
