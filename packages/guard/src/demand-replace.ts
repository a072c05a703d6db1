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

/**
 * Refuses a caller without the right to replace sessions (`mayReplace` is false) if the decision replaces one. Must be
 * called before anything is written. `guarded`: whether the single-session rule applies to the session.
 */
export function demandReplace(
  mayReplace: boolean | undefined,
  decision: StartDecision | TurnDecision,
  guarded: boolean,
): void {
  if (mayReplace === false && replacesSession(decision, guarded)) refuse();
}

/**
 * Refuses a caller without the right to replace sessions to delete one that is live in its slot: with a start in the
 * then empty slot, which needs no such right, the caller would replace the session. The check needs no lock, because a
 * session that has left its slot never returns to it.
 */
export async function demandReplaceToDelete(
  ctx: GuardContext,
  mayReplace: boolean | undefined,
  sessionIds: readonly SessionId[],
): Promise<void> {
  if (mayReplace === false && (await sessionsInSlots(ctx.database, sessionIds)).length > 0) refuse();
}
