import type { SessionId, TaskId } from '@phaselock/core';
import { type Kysely, sql } from 'kysely';
import type { Schema } from '../schema.ts';

export type DeadLetter = {
  readonly sessionId: SessionId;
  readonly taskId: TaskId;
  readonly failures: number;
  readonly code: string | null;
  readonly message: string | null;
  readonly deadAt: Date | null;
  readonly discardedAt: Date | null;
  readonly discardReason: string | null;
};

export async function listDeadLetters(
  db: Kysely<Schema>,
  { limit, discarded }: { readonly limit: number; readonly discarded: boolean },
): Promise<DeadLetter[]> {
  return await db
    .selectFrom('archive_claims')
    .select([
      'session_id as sessionId',
      'task_id as taskId',
      'failures',
      'error_code as code',
      'error_text as message',
      'dead_at as deadAt',
      'discarded_at as discardedAt',
      'discard_reason as discardReason',
    ])
    .where('dead_at', 'is not', null)
    .where('discarded_at', discarded ? 'is not' : 'is', null)
    .orderBy('dead_at')
    .orderBy('session_id')
    .limit(limit)
    .execute();
}

export type DeadLetterChoice = readonly SessionId[] | 'all';

/** Resets dead letters, so that the next run claims them. Discarded ones are only included when named by id. */
export async function retryDeadLetters(db: Kysely<Schema>, which: DeadLetterChoice): Promise<SessionId[]> {
  const rows = await db
    .updateTable('archive_claims')
    .set({ failures: 0, dead_at: null, discarded_at: null, discarded_by: null, discard_reason: null })
    .set({ due_at: sql<Date>`clock_timestamp()`, error_code: null, error_text: null })
    .where('dead_at', 'is not', null)
    .$if(which === 'all', (query) => query.where('discarded_at', 'is', null))
    .$if(which !== 'all', (query) => query.where('session_id', 'in', which === 'all' ? [] : which))
    .returning('session_id')
    .execute();
  return rows.map(({ session_id }) => session_id);
}

/** Marks dead letters as discarded, so that they no longer count as open. The sessions themselves are not deleted. */
export async function discardDeadLetters(
  db: Kysely<Schema>,
  which: DeadLetterChoice,
  { by, reason }: { readonly by: string; readonly reason: string },
): Promise<SessionId[]> {
  const rows = await db
    .updateTable('archive_claims')
    .set({ discarded_at: sql<Date>`clock_timestamp()`, discarded_by: by, discard_reason: reason })
    .where('dead_at', 'is not', null)
    .where('discarded_at', 'is', null)
    .$if(which !== 'all', (query) => query.where('session_id', 'in', which === 'all' ? [] : which))
    .returning('session_id')
    .execute();
  return rows.map(({ session_id }) => session_id);
}
