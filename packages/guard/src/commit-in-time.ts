import type { Database } from '@phaselock/store';
import type { GuardContext } from './context.ts';

/**
 * Runs a rare write that overwrites an earlier value, so that it does not take effect after its caller was told of a
 * failure. The COMMIT is sent only after the write was answered, while the caller still waits; a write that arrives
 * later finds its connection closed and is rolled back. Only a COMMIT that is in transit at the deadline still takes
 * effect. The row stays locked until then, so a later write comes after it.
 */
export const commitInTime = <Result>(
  { database }: Pick<GuardContext, 'database'>,
  write: (db: Database['kysely']) => Promise<Result>,
): Promise<Result> => database.kysely.transaction().execute(write);
