import type { AttemptId, ProjectId, TaskId } from '@phaselock/core';
import type { Kysely } from 'kysely';
import type { Schema } from './schema.ts';

export type DeletedRow = 'deleted' | 'in-use' | 'not-found';

const FOREIGN_KEY_VIOLATION = '23503';

/** Returns `in-use` when a foreign key prevents the deletion, so no references have to be counted first. */
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

/**
 * Deletes an attempt that never had a process. The counter `last_seq` decides, because a process that was archived
 * and purged has no row any more but belongs to the attempt’s history.
 */
export async function deleteAttempt(db: Kysely<Schema>, id: AttemptId): Promise<DeletedRow> {
  const deleted = await unlessUsed(() =>
    db.deleteFrom('attempts').where('id', '=', id).where('last_seq', '=', 0).executeTakeFirstOrThrow(),
  );
  if (deleted !== 'not-found') return deleted;
  const used = await db.selectFrom('attempts').select('id').where('id', '=', id).executeTakeFirst();
  return used === undefined ? 'not-found' : 'in-use';
}
