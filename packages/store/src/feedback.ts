import type { SessionId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import type { PageAfter } from './page.ts';
import type { Rating, Schema } from './schema.ts';
import { refuseUnstorable } from './unstorable-text.ts';

export type Feedback = {
  readonly sessionId: SessionId;
  readonly rating: Rating;
  readonly comment: string | null;
  readonly createdBy: string | null;
};

export type RatedSession = { readonly guarded: boolean };

/** Stores feedback. Returns the rated session, or undefined when there is no such session. */
export async function addFeedback(
  db: Kysely<Schema>,
  { sessionId, rating, comment, createdBy }: Feedback,
): Promise<RatedSession | undefined> {
  refuseUnstorable([comment]);
  const { rows } = await sql<RatedSession>`
    with rated as (
      select s.id, s.guarded from sessions s where s.id = ${sessionId} for key share
    ), given as (
      insert into feedback (session_id, rating, comment, created_by)
      select rated.id, ${rating}, ${comment}, ${createdBy} from rated
    )
    select guarded from rated`.execute(db);
  return rows[0];
}

export type FeedbackRow = Omit<Feedback, 'sessionId'> & { readonly id: number; readonly createdAt: Date };

export async function readFeedback(
  db: Kysely<Schema>,
  sessionId: SessionId,
  { limit, after = 0 }: PageAfter<number>,
): Promise<FeedbackRow[]> {
  return await db
    .selectFrom('feedback')
    .select(['id', 'rating', 'comment', 'created_by as createdBy', 'created_at as createdAt'])
    .where('session_id', '=', sessionId)
    .where('id', '>', after)
    .orderBy('id')
    .limit(limit)
    .execute();
}
