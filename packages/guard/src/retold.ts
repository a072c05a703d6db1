import type { Sql } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { replay } from './idempotency.ts';
import type { StartAttempt } from './start-attempt.ts';
import type { StartOutcome } from './start-outcome.ts';

/** What another call with the key of this one did, noted as told again. */
export async function retold(
  ctx: GuardContext,
  { idempotency, notes }: Pick<StartAttempt, 'idempotency' | 'notes'>,
  sql: Sql,
): Promise<StartOutcome | undefined> {
  const told = await replay(ctx, idempotency, sql);
  if (told !== undefined) notes.retold = true;
  return told;
}
