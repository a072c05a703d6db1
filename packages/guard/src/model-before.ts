import { compareModels, findConversation, type ModelIdentity, type ModelPolicy } from '@phaselock/core';
import type { TurnState } from '@phaselock/store';
import type { StartTurn } from './turn-request.ts';

/** A turn that was begun. `previous` is the model before a model change, and null if the model did not change. */
export type BegunTurn = {
  readonly seq: number;
  readonly leaseExpiresAt: Date;
  readonly lost: boolean;
  readonly previous: ModelIdentity | null;
};

/**
 * The model of the process that made the conversation which ends here. The model of the session may differ, because a
 * conversation kept across a minor version has had several models.
 */
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
 * The previous model at the first turn of a session: the model that the attempt used before in this slot, else the
 * model of the replaced session. Null if the model is the same or there was none before.
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
