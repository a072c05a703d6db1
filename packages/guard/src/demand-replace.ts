import {
  PhaselockError,
  replacesSession,
  type SessionId,
  type StartDecision,
  type TurnDecision,
} from '@phaselock/core';
import { sessionsInSlots } from '@phaselock/store';
import type { GuardContext } from './context.ts';

const refuse = (): never => {
  throw new PhaselockError('forbidden', { detail: 'needs the scope sessions:replace' });
};

/** Before anything is written: a caller that may not replace sessions is refused whatever way a decision came to replacing one. */
export function demandReplace(
  mayReplace: boolean | undefined,
  decision: StartDecision | TurnDecision,
  guarded: boolean,
): void {
  if (mayReplace === false && replacesSession(decision, guarded)) refuse();
}

/**
 * The same for a deletion: one that takes a live conversation out of its slot is the first half of replacing it, and the second half, a start in
 * the empty slot, needs no such right. Read without a lock: a session that has left its slot stays out of it.
 */
export async function demandReplaceToDelete(
  ctx: GuardContext,
  mayReplace: boolean | undefined,
  sessionIds: readonly SessionId[],
): Promise<void> {
  if (mayReplace === false && (await sessionsInSlots(ctx.database, sessionIds)).length > 0) refuse();
}
