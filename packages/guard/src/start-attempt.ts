import {
  type Catalogue,
  decideStart,
  type Handoff,
  type ModelPolicy,
  type SessionId,
  type SlotKey,
  type SlotState,
  type StartDecision,
  type StartRequest,
} from '@phaselock/core';
import type { GuardContext } from './context.ts';
import type { StartNotes } from './count-start.ts';
import { glance, readAfresh, recall } from './glance.ts';
import type { IdempotencyKey } from './idempotency.ts';
import { markMissing } from './mark-missing.ts';

/**
 * The state of one start call across its retries. The session id is generated once, so that it shows after a lost
 * answer whether the write was committed.
 */
export type StartAttempt = {
  readonly slot: SlotKey;
  readonly sessionId: SessionId;
  readonly asked: StartRequest;
  /**
   * The caller is outside the rollout: it may create a session beside others only if the task has never been guarded.
   */
  readonly isOutside: boolean;
  readonly catalogue: Catalogue;
  readonly policy: ModelPolicy;
  readonly actor: string | null;
  readonly mayReplace: boolean;
  readonly milestoneId: string | null;
  readonly handoff: Handoff | undefined;
  readonly idempotency: IdempotencyKey | undefined;
  readonly notes: StartNotes;
  /** Time left to wait for the slot, less the reserve for writing and answering. */
  readonly waitMs: () => number;
};

/** A state of the slot, and the decision for this caller on that state. */
export type Seen = { readonly state: SlotState; readonly decision: StartDecision };

/** Decides on a state of the slot, with the current catalogue. */
export const decide = (state: SlotState, { asked, catalogue, policy }: StartAttempt): Seen => ({
  state,
  decision: decideStart(markMissing(state, catalogue), asked, policy),
});

/** Reads the slot, from the snapshot cache if possible, and decides. */
export const look = async (ctx: GuardContext, attempt: StartAttempt): Promise<Seen> =>
  decide(await glance(ctx, attempt.slot, generationKnown(attempt)), attempt);

/**
 * Reads the slot and decides, except for a confirmed replacement without a cached snapshot under pessimistic locking.
 * That start locks the slot anyway, and the lock reads the state: one round trip less.
 */
export async function lookUnlessTheLockWill(ctx: GuardContext, attempt: StartAttempt): Promise<Seen | undefined> {
  const { slot, asked } = attempt;
  const since = ctx.now();
  const snapshot = await recall(ctx, slot, generationKnown(attempt));
  if (snapshot !== undefined) return decide(snapshot, attempt);
  const willWrite = asked.guarded && asked.say.kind === 'replace';
  if (willWrite && (await ctx.chooseStrategy(slot)) === 'pessimistic') {
    await ctx.racepoint?.('start:decided');
    return undefined;
  }
  return decide(await readAfresh(ctx, slot, since), attempt);
}

/** The slot has reached the generation that the caller was shown, so an older snapshot must not be used. */
const generationKnown = ({ asked: { say } }: StartAttempt): number =>
  say.kind === 'replace' ? say.shown.generation : 0;
