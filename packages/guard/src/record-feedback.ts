import { PhaselockError, type SessionId } from '@phaselock/core';
import { addFeedback, type RatedSession, type Rating } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { answering } from './failures.ts';
import { doOnce, type IdempotencyKey } from './idempotency.ts';
import { operationDeadline } from './operation-deadline.ts';
import { cohortOf } from './which-cohort.ts';

export type GiveFeedback = {
  readonly sessionId: SessionId;
  readonly rating: Rating;
  readonly comment?: string;
  readonly actor?: string;
  readonly idempotencyKey?: IdempotencyKey;
};

const COMMENT_LIMIT = 4_000;

export async function recordFeedback(
  ctx: GuardContext,
  { sessionId, rating, comment, actor, idempotencyKey }: GiveFeedback,
): Promise<void> {
  await answering(ctx, operationDeadline(ctx), 'unexpected', async () => {
    if ((comment?.length ?? 0) > COMMENT_LIMIT)
      throw new PhaselockError('invalid_request', { detail: `comment: at most ${COMMENT_LIMIT} characters` });
    const given = { sessionId, rating, comment: comment ?? null, createdBy: actor ?? null };
    const rated = await doOnce<RatedSession | undefined>(ctx, idempotencyKey, {
      response: {},
      write: async (db) => {
        const rated = await addFeedback(db, given);
        if (rated === undefined) throw new PhaselockError('session_not_found');
        return rated;
      },
      retell: () => undefined,
    });
    if (rated !== undefined) ctx.telemetry.feedbackGiven(rating, cohortOf(rated.guarded));
  });
}
