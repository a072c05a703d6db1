import { ROUTES } from '@phaselock/contract';
import { QUESTION_CODES } from '@phaselock/core';
import type { AskedTurn, LogLine, TurnOutcome } from '@phaselock/guard';
import { grants } from '../access/scopes.ts';
import { answerPage } from '../server/answer-page.ts';
import { NO_CONTENT, ok } from '../server/answers.ts';
import { handle } from '../server/handle.ts';
import { Refusal } from '../server/refusal.ts';
import { processView } from '../views/history-view.ts';
import { instant } from '../views/session-view.ts';
import type { ApiContext } from './api-context.ts';
import { numberPlace, placeOf } from './place.ts';

function turnAnswer(outcome: TurnOutcome) {
  switch (outcome.kind) {
    case 'started': {
      const { kind, leaseExpiresAt, ...rest } = outcome;
      return { status: 201 as const, body: { outcome: kind, ...rest, leaseExpiresAt: instant(leaseExpiresAt) } };
    }
    case 'ask':
      throw new Refusal(QUESTION_CODES[outcome.question], questionFields(outcome));
    case 'refused':
      if (outcome.asks !== undefined) throw new Refusal(outcome.code, questionFields(outcome.asks));
      if (outcome.why !== undefined) throw new Refusal(outcome.code, { why: outcome.why });
      throw new Refusal(
        outcome.code,
        {},
        {
          ...(outcome.retryAfterMs !== null && { retryAfterMs: outcome.retryAfterMs }),
          ...(outcome.detail !== undefined && { detail: outcome.detail }),
        },
      );
  }
}

const questionFields = ({ question, warning, reasons, shown }: AskedTurn) => ({
  question,
  warning,
  reasons: reasons.map((reason) => ({ ...reason })),
  confirm: { kind: 'replace' as const, shown },
});

/** Narrows the type only: the schema of the route has validated the lines. */
const isLogLine = (line: unknown): line is { readonly kind?: LogLine['kind']; readonly line: string } =>
  typeof line === 'object' && line !== null && 'line' in line && typeof line.line === 'string';

export const turnHandlers = ({ guard }: ApiContext) => ({
  startTurn: handle(ROUTES.startTurn, async ({ params, body, caller, idempotencyKey, whenGone }) => {
    const { confirm, ...asked } = body;
    const outcome = await guard.startTurn({
      ...params,
      ...asked,
      actor: caller.name,
      mayReplace: grants(caller.scopes, 'sessions:replace'),
      signal: whenGone(),
      ...(confirm && { say: confirm }),
      ...(idempotencyKey && { idempotencyKey }),
    });
    return turnAnswer(outcome);
  }),

  heartbeat: handle(ROUTES.heartbeat, async ({ params, body }) => {
    const answer = await guard.heartbeat({ ...params, ...body });
    return ok(
      answer.kind === 'continue'
        ? { outcome: answer.kind, leaseExpiresAt: instant(answer.leaseExpiresAt), why: null, replacedBy: null }
        : { outcome: answer.kind, leaseExpiresAt: null, why: answer.why, replacedBy: answer.replacedBy },
    );
  }),

  finishTurn: handle(ROUTES.finishTurn, async ({ params, body, caller }) => {
    const { kind, ...rest } = await guard.finishTurn({ ...params, ...body, actor: caller.name });
    return ok({ outcome: kind, ...rest });
  }),

  reportAgentSession: handle(ROUTES.reportAgentSession, async ({ params, body }) => {
    const { generation, agentSessionId } = body;
    await guard.reportAgentSession({ ...params, generation }, agentSessionId);
    return NO_CONTENT;
  }),

  recordUsage: handle(ROUTES.recordUsage, async ({ params, body }) => {
    await guard.recordUsage(params, body);
    return NO_CONTENT;
  }),

  appendLogs: handle(ROUTES.appendLogs, async ({ params, query, lines, idempotencyKey }) => {
    const kept = lines.items.filter(isLogLine).map(({ kind = 'stdout', line }) => ({ kind, line }));
    await guard.appendLogs({ ...params, ...query }, kept, { ...(idempotencyKey && { idempotencyKey }) });
    return ok({ appended: kept.length, repaired: lines.repaired });
  }),

  attemptProcesses: handle(ROUTES.attemptProcesses, async ({ params, query }) => {
    const { limit, cursor } = query;
    const page = await guard.processesOfAttempt(params.attemptId, { limit, ...placeOf(cursor, numberPlace) });
    return answerPage(page, processView, ({ seq }) => seq);
  }),

  sessionProcesses: handle(ROUTES.sessionProcesses, async ({ params, query: { limit, cursor } }) => {
    const page = await guard.processPage(params.sessionId, { limit, ...placeOf(cursor, numberPlace) });
    return answerPage(page, processView, ({ seq }) => seq);
  }),
});
