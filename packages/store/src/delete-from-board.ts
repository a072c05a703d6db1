import type { AttemptId, ProjectId, TaskId } from '@phaselock/core';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export type DeletedRow = 'deleted' | 'in-use' | 'not-found';

const FOREIGN_KEY_VIOLATION = '23503';

/** What something hangs on stays: the foreign keys say no, and nothing has to be counted first. */
async function unlessUsed(work: () => Promise<{ readonly numDeletedRows: bigint }>): Promise<DeletedRow> {
  try {
    return (await work()).numDeletedRows > 0n ? 'deleted' : 'not-found';
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === FOREIGN_KEY_VIOLATION) return 'in-use';
    throw error;
  }
}

export const deleteProject = (db: Kysely<Schema>, id: ProjectId): Promise<DeletedRow> =>
  unlessUsed(() => db.deleteFrom('projects').where('id', '=', id).executeTakeFirstOrThrow());

export const deleteTask = (db: Kysely<Schema>, id: TaskId): Promise<DeletedRow> =>
  unlessUsed(() => db.deleteFrom('tasks').where('id', '=', id).executeTakeFirstOrThrow());

export const deleteAttempt = (db: Kysely<Schema>, id: AttemptId): Promise<DeletedRow> =>
  unlessUsed(() => db.deleteFrom('attempts').where('id', '=', id).executeTakeFirstOrThrow());
