import type { StartDecision } from './decide-start.ts';
import type { TurnDecision } from './decide-turn.ts';

/**
 * Whether a decision ends the live session of a slot to put another one in its place: by a confirmed start, or by a turn that begins or takes up
 * another conversation, for whatever reason. It takes a right of its own (`sessions:replace`), and so does deleting a live session, which no
 * decision is made about. Not replacing: a session begun beside others, outside the guard.
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
