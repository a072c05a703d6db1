import { PhaselockError, type SessionId } from '@phaselock/core';
import { deadlineIn } from '@phaselock/locking';
import { addFeedback, type Rating } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { answering } from './failures.ts';

export type GiveFeedback = {
  readonly sessionId: SessionId;
  readonly rating: Rating;
  readonly comment?: string;
  readonly actor?: string;
};

const COMMENT_LIMIT = 4_000;

export async function recordFeedback(
  ctx: GuardContext,
  { sessionId, rating, comment, actor }: GiveFeedback,
): Promise<void> {
  await answering(ctx, deadlineIn(ctx.settings.deadlineMs, ctx.now), 'unexpected', async () => {
    if ((comment?.length ?? 0) > COMMENT_LIMIT)
      throw new PhaselockError('invalid_request', { detail: `comment: at most ${COMMENT_LIMIT} characters` });
    const known = await addFeedback(ctx.database, {
      sessionId,
      rating,
      comment: comment ?? null,
      createdBy: actor ?? null,
    });
    if (!known) throw new PhaselockError('session_not_found');
    ctx.telemetry.feedbackGiven(rating);
  });
}
