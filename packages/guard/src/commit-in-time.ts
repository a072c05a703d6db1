import type { Database } from '@phaselock/store';
import type { GuardContext } from './context.ts';

/**
 * For a write that takes the place of an earlier one and is rare: its COMMIT is sent when the write was answered, while its caller waits. A write
 * that is delivered after that finds its connection closed and is rolled back, so it cannot undo what the caller wrote next.
 */
export const commitInTime = <Result>(
  { database }: Pick<GuardContext, 'database'>,
  write: (db: Database['kysely']) => Promise<Result>,
): Promise<Result> => database.kysely.transaction().execute(write);
