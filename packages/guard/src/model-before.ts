import { compareModels, findConversation, type ModelIdentity, type ModelPolicy } from '@phaselock/core';
import type { TurnState } from '@phaselock/store';
import type { StartTurn } from './start-turn.ts';

/** A turn that was begun, and the model it is a change from; null when it is none. */
export type BegunTurn = {
  readonly seq: number;
  readonly leaseExpiresAt: Date;
  readonly lost: boolean;
  readonly previous: ModelIdentity | null;
};

/** Of the process that made the conversation that ends here; a conversation that was kept across a minor version has had several models. */
export function modelBefore(
  { history, session }: TurnState,
  { preRetryId, lostId, skipContext }: Pick<StartTurn, 'preRetryId' | 'lostId' | 'skipContext'>,
): ModelIdentity {
  const retried = skipContext === true ? null : (preRetryId ?? null);
  const ended = findConversation(history, { preRetryId: retried, lostId: lostId ?? null, takenUp: session.takenUp });
  const maker = ended.kind === 'resumable' || ended.kind === 'lost' ? ended.maker : null;
  return maker?.identity ?? session.identity;
}

/**
 * For the first turn of a session: what the attempt worked with before in this slot, however that session ended, else what the session replaced.
 * Null when the model is the same, or nothing came before.
 */
export function changeAtFirstTurn(
  { beforeInAttempt, predecessor }: Pick<TurnState, 'beforeInAttempt' | 'predecessor'>,
  identity: ModelIdentity,
  policy: ModelPolicy,
): ModelIdentity | null {
  if (beforeInAttempt === null) return predecessor?.reason === 'model-changed' ? predecessor.identity : null;
  const [before, now] = [beforeInAttempt, identity].map((one) => ({ kind: 'resolved', identity: one }) as const);
  if (before === undefined || now === undefined) return null;
  return compareModels(before, now, policy).verdict === 'changed' ? beforeInAttempt : null;
}
