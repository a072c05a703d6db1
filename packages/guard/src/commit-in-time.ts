import type { Database } from '@phaselock/store';
import type { GuardContext } from './context.ts';

/**
 * For a write that takes the place of an earlier one and is rare: its COMMIT is sent when the write was answered, while its caller waits. A write
 * that is delivered after that finds its connection closed and is rolled back. Only a COMMIT that is itself on its way when the time ends is still
 * done; until then the row is locked, so nothing that is sent later comes before it.
 */
export const commitInTime = <Result>(
  { database }: Pick<GuardContext, 'database'>,
  write: (db: Database['kysely']) => Promise<Result>,
): Promise<Result> => database.kysely.transaction().execute(write);
