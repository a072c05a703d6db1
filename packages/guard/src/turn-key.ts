import { parseProcessId } from '@phaselock/core';
import {
  type BeginTurn,
  beginTurn,
  type IdempotencyRow,
  keepSession,
  readIdempotentResponse,
  type Sql,
  type TurnState,
  takeIdempotencyKey,
  type Writer,
} from '@phaselock/store';
import { announceKept } from './announce.ts';
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
  const told = await findBegunTurn(ctx, { ...attempt, processId: parsed(stored, 'process_id', parseProcessId) });
  if (told !== undefined) attempt.notes.retold = true;
  return told;
}

/** Another call with the same key was faster: what it began is the answer, and nothing more is to happen. */
export class BegunByTwin extends Error {
  override readonly name = 'BegunByTwin';
}

export async function leaveToTwin({ request: { idempotencyKey: key } }: TurnAttempt, sql: Sql): Promise<void> {
  if (key === undefined) return;
  if ((await readIdempotentResponse(sql, key.scope, key.key)) !== undefined) throw new BegunByTwin();
}

export type TurnToBegin = {
  readonly turn: BeginTurn;
  readonly state: TurnState;
  /** The user kept the session for a model that differs slightly: the session takes it on with this turn. */
  readonly takesOn: boolean;
};

/** Alone a turn is a transaction of its own, in one round trip; with a key, or a model that is taken on, all of it is written or nothing. */
export async function beginWithKey(
  ctx: GuardContext,
  attempt: TurnAttempt,
  { turn, state, takesOn }: TurnToBegin,
): ReturnType<typeof beginTurn> {
  const row = turnKeyRow(attempt);
  if (row === null && !takesOn) return await beginTurn(ctx.database, turn);
  const transaction = ctx.database.transaction();
  try {
    const kept = takesOn ? await keepFor(attempt, transaction, { turn, state }) : undefined;
    const begun =
      kept?.kind === 'moved'
        ? kept
        : await beginTurn(
            { ...transaction, queryAndCommit: transaction.query },
            kept === undefined ? turn : { ...turn, seenVersion: kept.sessionVersion },
          );
    // A turn that was not begun must not leave its key behind.
    if (begun.kind === 'moved') await transaction.rollback();
    else if (row === null) await transaction.commit();
    else await takeIdempotencyKey(transaction, row);
    if (kept?.kind === 'kept' && begun.kind === 'started') {
      const { slot, session } = state;
      const { slotVersion } = kept;
      announceKept(ctx, { slot, slotVersion, sessionId: session.id, previousModel: session.identity.model });
    }
    return begun;
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

/** The slot is locked before the session, as by every other writer. */
const keepFor = (
  { deadline }: TurnAttempt,
  writer: Writer,
  { turn, state: { slot, guarded } }: Omit<TurnToBegin, 'takesOn'>,
) =>
  keepSession(
    writer,
    {
      slot,
      guarded,
      sessionId: turn.sessionId,
      generation: turn.generation,
      seenVersion: turn.seenVersion,
      identity: turn.identity,
      actor: turn.actor,
      idempotency: null,
      waitMs: deadline.waitMs(),
    },
    { last: false },
  );
