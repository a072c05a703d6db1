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
import type { StartedTurn, TurnAttempt } from './turn-request.ts';

/** The idempotency row of a turn: the process it began, from which the answer can be rebuilt. */
export function turnKeyRow({ request: { idempotencyKey }, processId }: TurnAttempt): IdempotencyRow | null {
  return idempotencyKey === undefined ? null : { ...keyRow(idempotencyKey), response: { process_id: processId } };
}

/** The answer of the first call with the same idempotency key, if that call began a turn. */
export async function replayTurn(ctx: GuardContext, attempt: TurnAttempt): Promise<StartedTurn | undefined> {
  const stored = await storedAnswer(ctx, attempt.request.idempotencyKey, ctx.database);
  if (stored === undefined) return undefined;
  const told = await findBegunTurn(ctx, { ...attempt, processId: parsed(stored, 'process_id', parseProcessId) });
  if (told !== undefined) attempt.notes.retold = true;
  return told;
}

/** A concurrent call with the same key was faster: its turn is the answer, and this call must write nothing. */
export class BegunByTwin extends Error {
  override readonly name = 'BegunByTwin';
}

/** Throws `BegunByTwin` if another call with the same key has begun its turn. */
export async function leaveToTwin({ request: { idempotencyKey: key } }: TurnAttempt, sql: Sql): Promise<void> {
  if (key === undefined) return;
  if ((await readIdempotentResponse(sql, key.scope, key.key)) !== undefined) throw new BegunByTwin();
}

export type TurnToBegin = {
  readonly turn: BeginTurn;
  readonly state: TurnState;
  /**
   * The user kept the session for a slightly different model, which becomes the model of the session with this turn.
   */
  readonly takesOn: boolean;
};

/**
 * Begins a turn, alone in one statement and one round trip. A key or a new model of the session is written with the
 * turn in one transaction.
 */
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

/** Locks the slot before the session, as every other writer does, to avoid deadlocks. */
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
