import { type BodyOf, ROUTES, slotOf } from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
import type { BulkItem } from '@phaselock/guard';
import type { Caller } from '../access/caller.ts';
import { grants } from '../access/scopes.ts';
import { created, ok } from '../server/answers.ts';
import { handle } from '../server/handle.ts';
import { problemOf } from '../server/problem-of.ts';
import { briefView, liveView, sessionView } from '../views/session-view.ts';
import type { ApiContext } from './api-context.ts';
import { bulkAnswer, startAnswer } from './start-answers.ts';

type Confirmed = { readonly confirm?: BodyOf<typeof ROUTES.startSession>['confirm'] };

/** Throwing a conversation away is a right of its own. */
function demandReplace(caller: Caller, { confirm }: Confirmed): void {
  if (confirm?.kind === 'replace' && !grants(caller.scopes, 'sessions:replace'))
    throw new PhaselockError('forbidden', { detail: 'needs the scope sessions:replace' });
}

type Item = Omit<BodyOf<typeof ROUTES.startSession>, 'handoff'>;

const startOf = (item: Item, caller: Caller, guarded: boolean): BulkItem => ({
  ...slotOf(item),
  model: item.model,
  guarded,
  actor: caller.name,
  ...(item.confirm && { say: item.confirm }),
});

export const startHandlers = ({ guard, scope }: ApiContext) => {
  const guardedNow = async (): Promise<boolean> => (await guard.flags()).single_session_guard;
  return {
    startSession: handle(ROUTES.startSession, async ({ body, caller, idempotencyKey, whenGone }) => {
      demandReplace(caller, body);
      const outcome = await guard.start({
        ...startOf(body, caller, await guardedNow()),
        signal: whenGone(),
        ...(body.handoff && { handoff: body.handoff }),
        ...(idempotencyKey && { idempotencyKey }),
      });
      return startAnswer(outcome);
    }),

    beginStandalone: handle(ROUTES.beginStandalone, async ({ body, caller }) => {
      const session = await guard.beginStandalone({ ...slotOf(body), model: body.model, actor: caller.name });
      return created(briefView(session), `/v1/sessions/${session.id}`);
    }),

    startMany: handle(ROUTES.startMany, async ({ body, caller }) => {
      for (const item of body.items) demandReplace(caller, item);
      const guarded = await guardedNow();
      const outcomes = await guard.bulkStart(body.items.map((item) => startOf(item, caller, guarded)));
      const requestId = scope.fields()?.['http.request.id'] ?? '';
      const results = outcomes.map((outcome) => {
        const answer = bulkAnswer(outcome);
        return answer instanceof PhaselockError
          ? { status: answer.status, answer: null, problem: problemOf(answer, requestId) }
          : { status: answer.status, answer: answer.body, problem: null };
      });
      return ok({ results });
    }),

    deleteMany: handle(ROUTES.deleteMany, async ({ body, caller }) =>
      ok({ deleted: await guard.bulkDelete(body.sessionIds, caller.name) }),
    ),

    latestOfMany: handle(ROUTES.latestOfMany, async ({ body }) =>
      ok({ sessions: (await guard.latestMany(body.taskIds)).map(sessionView) }),
    ),

    latestSession: handle(ROUTES.latestSession, async ({ params, query }) => {
      const slot = slotOf({ ...params, ...query });
      const { generation, live } = await guard.current(slot);
      return ok({ generation, session: live === null ? null : liveView({ ...live, slot }) });
    }),
  };
};
