import { parseProcessId } from '@phaselock/core';
import {
  type BeginTurn,
  beginTurn,
  type IdempotencyRow,
  readIdempotentResponse,
  type Sql,
  takeIdempotencyKey,
} from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { keyRow, parsed, storedAnswer } from './idempotency.ts';
import { findBegunTurn } from './own-turn.ts';
import type { StartedTurn, TurnAttempt } from './start-turn.ts';

/** What is kept of a turn that was asked for with a key: the process it began, from which the answer can be told again. */
export function turnKeyRow({ request: { idempotencyKey }, processId }: TurnAttempt): IdempotencyRow | null {
  return idempotencyKey === undefined ? null : { ...keyRow(idempotencyKey), response: { process_id: processId } };
}

export async function replayTurn(ctx: GuardContext, attempt: TurnAttempt): Promise<StartedTurn | undefined> {
  const stored = await storedAnswer(ctx, attempt.request.idempotencyKey, ctx.database);
  if (stored === undefined) return undefined;
  return await findBegunTurn(ctx, { ...attempt, processId: parsed(stored, 'process_id', parseProcessId) });
}

/** Somebody with the same key was faster: what it began is the answer, and nothing more is to happen. */
export class BegunByTwin extends Error {
  override readonly name = 'BegunByTwin';
}

export async function leaveToTwin({ request: { idempotencyKey: key } }: TurnAttempt, sql: Sql): Promise<void> {
  if (key === undefined) return;
  if ((await readIdempotentResponse(sql, key.scope, key.key)) !== undefined) throw new BegunByTwin();
}

/** Without a key the call is a transaction of its own, in one round trip; with one both are written, or neither. */
export async function beginWithKey(
  ctx: GuardContext,
  attempt: TurnAttempt,
  turn: BeginTurn,
): ReturnType<typeof beginTurn> {
  const row = turnKeyRow(attempt);
  if (row === null) return await beginTurn(ctx.database, turn);
  const transaction = ctx.database.transaction();
  try {
    const begun = await beginTurn({ ...transaction, queryAndCommit: transaction.query }, turn);
    // A turn that was not begun must not leave its key behind.
    if (begun.kind === 'moved') await transaction.rollback();
    else await takeIdempotencyKey(transaction, row);
    return begun;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}
