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

/** All that one call keeps while it decides, perhaps several times. The id is made once: it tells whether a lost answer was a commit. */
export type StartAttempt = {
  readonly slot: SlotKey;
  readonly sessionId: SessionId;
  readonly asked: StartRequest;
  /** Of a caller outside the rollout: what it begins beside others is begun only while the task was never guarded. */
  readonly isOutside: boolean;
  readonly catalogue: Catalogue;
  readonly policy: ModelPolicy;
  readonly actor: string | null;
  readonly mayReplace: boolean;
  readonly milestoneId: string | null;
  readonly handoff: Handoff | undefined;
  readonly idempotency: IdempotencyKey | undefined;
  readonly notes: StartNotes;
  /** How long it may still wait for the slot; more than that remains for the answer. */
  readonly waitMs: () => number;
};

/** A state of the slot, and what it comes to for this caller. */
export type Seen = { readonly state: SlotState; readonly decision: StartDecision };

export const decide = (state: SlotState, { asked, catalogue, policy }: StartAttempt): Seen => ({
  state,
  decision: decideStart(markMissing(state, catalogue), asked, policy),
});

export const look = async (ctx: GuardContext, attempt: StartAttempt): Promise<Seen> =>
  decide(await glance(ctx, attempt.slot, generationKnown(attempt)), attempt);

/** A confirmed replacement of which there is no snapshot will lock the slot anyhow, and the lock reads it: one round trip less. */
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

/** A caller that was shown a generation knows the slot to have reached it: an older snapshot must not tell it otherwise. */
const generationKnown = ({ asked: { say } }: StartAttempt): number =>
  say.kind === 'replace' ? say.shown.generation : 0;
