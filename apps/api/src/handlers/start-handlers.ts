import { type BodyOf, ROUTES, slotOf } from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
import type { BulkItem, GuardedSay } from '@phaselock/guard';
import type { Enrolment } from '@phaselock/rollout';
import type { Caller } from '../access/caller.ts';
import { grants } from '../access/scopes.ts';
import { subjectOf } from '../access/subject-of.ts';
import { created, ok } from '../server/answers.ts';
import { handle } from '../server/handle.ts';
import { problemOf } from '../server/problem-of.ts';
import { briefView, liveView, sessionView } from '../views/session-view.ts';
import type { ApiContext } from './api-context.ts';
import { bulkAnswer, startAnswer } from './start-answers.ts';

type Item = Omit<BodyOf<typeof ROUTES.startSession>, 'handoff' | 'milestoneId'>;

const GUARDED = { enrolled: true, outside: 'if-task-is', off: false } as const satisfies Record<Enrolment, GuardedSay>;

const startOf = (item: Item, caller: Caller, guarded: GuardedSay): BulkItem => ({
  ...slotOf(item),
  model: item.model,
  guarded,
  actor: caller.name,
  mayReplace: grants(caller.scopes, 'sessions:replace'),
  ...(item.confirm && { say: item.confirm }),
});

type EnrolmentOf = (subject: string | undefined) => Promise<Enrolment>;

const startFor =
  (caller: Caller, enrolmentOf: EnrolmentOf) =>
  async (item: Item): Promise<BulkItem> =>
    startOf(item, caller, GUARDED[await enrolmentOf(subjectOf(caller, item.onBehalfOf))]);

/**
 * Looks up the enrolment of each subject (the user that the rollout buckets) once: most bulk requests have the same
 * subject for all items.
 */
function onceForEach(ask: EnrolmentOf): EnrolmentOf {
  const asked = new Map<string | undefined, Promise<Enrolment>>();
  return (subject) => {
    const answer = asked.get(subject) ?? ask(subject);
    asked.set(subject, answer);
    return answer;
  };
}

/** The handlers of routes/starts.ts in the contract: starts, bulk deletion, and lookups of the latest sessions. */
export const startHandlers = ({ guard, flags, scope }: ApiContext) => {
  return {
    startSession: handle(ROUTES.startSession, async ({ body, caller, idempotencyKey, whenGone }) => {
      const toStart = startFor(caller, flags.enrolmentOf);
      const outcome = await guard.start({
        ...(await guard.answerInTime(() => toStart(body))),
        signal: whenGone(),
        ...(body.handoff && { handoff: body.handoff }),
        ...(body.milestoneId && { milestoneId: body.milestoneId }),
        ...(idempotencyKey && { idempotencyKey }),
      });
      return startAnswer(outcome);
    }),

    beginStandalone: handle(ROUTES.beginStandalone, async ({ body, caller, idempotencyKey }) => {
      const session = await guard.beginStandalone({
        ...slotOf(body),
        model: body.model,
        actor: caller.name,
        ...(body.milestoneId && { milestoneId: body.milestoneId }),
        ...(idempotencyKey && { idempotencyKey }),
      });
      return created(briefView(session), `/v1/sessions/${session.id}`);
    }),

    startMany: handle(ROUTES.startMany, async ({ body, caller, idempotencyKey }) => {
      const toStart = startFor(caller, onceForEach(flags.enrolmentOf));
      const items = await guard.answerInTime(() => Promise.all(body.items.map(toStart)));
      const outcomes = await guard.bulkStart(items, { ...(idempotencyKey && { idempotencyKey }) });
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
      ok({
        deleted: await guard.bulkDelete(body.sessionIds, caller.name, {
          mayReplace: grants(caller.scopes, 'sessions:replace'),
        }),
      }),
    ),

    latestOfMany: handle(ROUTES.latestOfMany, async ({ body }) =>
      ok({ sessions: (await guard.latestMany(body.taskIds)).map(sessionView) }),
    ),

    latestSession: handle(ROUTES.latestSession, async ({ params, query }) => {
      const slot = slotOf({ ...params, ...query });
      const { generation, live, standing } = await guard.current(slot);
      return ok({ generation, session: live && liveView({ ...live, slot, modelStanding: standing }) });
    }),
  };
};
