import type { StartDecision } from './decide-start.ts';
import type { TurnDecision } from './decide-turn.ts';

/**
 * Whether a decision replaces the live session of a slot: a confirmed start, or a turn that continues in a new session.
 * Such a decision needs the scope `sessions:replace`; so does deleting a live session, which involves no decision. A
 * session created outside the guard replaces nothing.
 */
export function replacesSession(decision: StartDecision | TurnDecision, guarded: boolean): boolean {
  switch (decision.kind) {
    case 'replace':
      return true;
    case 'fresh':
      return guarded;
    case 'create':
    case 'existing':
    case 'ask':
    case 'refuse':
    case 'initial':
    case 'follow-up':
      return false;
    default:
      return decision satisfies never;
  }
}
