import type { SessionId } from '@phaselock/core';
import type { Kysely } from 'kysely';
import type { Rating, Schema } from './schema.ts';
import type { Sql, Statement } from './sql.ts';

const ADD_FEEDBACK: Statement = {
  name: 'add_feedback',
  text: `insert into feedback (session_id, rating, comment, created_by)
         select s.id, $2, $3, $4 from sessions s where s.id = $1 for key share returning id`,
};

export type Feedback = {
  readonly sessionId: SessionId;
  readonly rating: Rating;
  readonly comment: string | null;
  readonly createdBy: string | null;
};

/** False when there is no such session. */
export async function addFeedback(sql: Sql, { sessionId, rating, comment, createdBy }: Feedback): Promise<boolean> {
  return (await sql.query<{ id: number }>(ADD_FEEDBACK, [sessionId, rating, comment, createdBy])).length > 0;
}

export type FeedbackRow = Omit<Feedback, 'sessionId'> & { readonly createdAt: Date };

export async function readFeedback(db: Kysely<Schema>, sessionId: SessionId): Promise<FeedbackRow[]> {
  return await db
    .selectFrom('feedback')
    .select(['rating', 'comment', 'created_by as createdBy', 'created_at as createdAt'])
    .where('session_id', '=', sessionId)
    .orderBy('id')
    .execute();
}
