import { PhaselockError, type SessionId } from '@phaselock/core';
import { addFeedback, type Rating } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { answering } from './failures.ts';
import { doOnce, type IdempotencyKey } from './idempotency.ts';
import { operationDeadline } from './operation-deadline.ts';

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
    const isNew = await doOnce(ctx, idempotencyKey, {
      response: {},
      write: async (db) => {
        if (!(await addFeedback(db, given))) throw new PhaselockError('session_not_found');
        return true;
      },
      retell: () => false,
    });
    if (isNew) ctx.telemetry.feedbackGiven(rating);
  });
}
