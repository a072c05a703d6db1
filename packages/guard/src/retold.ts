import type { Sql } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { replay } from './idempotency.ts';
import type { StartAttempt } from './start-attempt.ts';
import type { StartOutcome } from './start-outcome.ts';

/**
 * The stored answer of another call with the same idempotency key. Marks the start as replayed, so that it is not
 * counted again.
 */
export async function retold(
  ctx: GuardContext,
  { idempotency, notes }: Pick<StartAttempt, 'idempotency' | 'notes'>,
  sql: Sql,
): Promise<StartOutcome | undefined> {
  const told = await replay(ctx, idempotency, sql);
  if (told !== undefined) notes.retold = true;
  return told;
}
