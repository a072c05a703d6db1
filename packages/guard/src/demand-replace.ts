import { PhaselockError, replacesSession, type StartDecision, type TurnDecision } from '@phaselock/core';

/** Before anything is written: a caller that may not replace sessions is refused whatever way a decision came to replacing one. */
export function demandReplace(
  mayReplace: boolean | undefined,
  decision: StartDecision | TurnDecision,
  guarded: boolean,
): void {
  if (mayReplace === false && replacesSession(decision, guarded))
    throw new PhaselockError('forbidden', { detail: 'needs the scope sessions:replace' });
}
