import { type ModelSelection, OUTSIDE_THE_GUARD, PhaselockError, resolveModel, type SlotKey } from '@phaselock/core';
import { deadlineIn } from '@phaselock/locking';
import { createBeside } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { answering } from './failures.ts';
import { newSessionId } from './new-ids.ts';
import type { GuardedSession } from './start-outcome.ts';

export type BeginStandalone = SlotKey & { readonly model: ModelSelection; readonly actor?: string };

/**
 * A temporary record for an execution outside every slot, made before the agent runs: tracking is always on, so its usage is never booked on
 * an id nobody knows. It holds no slot and is never anybody's live session.
 */
export async function beginStandalone(
  ctx: GuardContext,
  { taskId, phase, mode, model, actor }: BeginStandalone,
): Promise<GuardedSession> {
  return await answering(ctx, deadlineIn(ctx.settings.deadlineMs, ctx.now), 'session_create_failed', async () => {
    const { catalogue } = await ctx.catalogue.view();
    const resolution = resolveModel(catalogue, model);
    if (resolution.kind === 'missing') throw new PhaselockError('model_missing', { detail: resolution.why });
    const slot = { taskId, phase, mode };
    const { identity } = resolution;
    const id = newSessionId(ctx);
    await createBeside(ctx.database, {
      slot,
      sessionId: id,
      identity,
      createdBy: actor ?? null,
      standalone: true,
      idempotency: null,
    });
    return { id, generation: OUTSIDE_THE_GUARD, slot, identity, modelMissing: false };
  });
}
