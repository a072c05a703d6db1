import { type ModelSelection, OUTSIDE_THE_GUARD, PhaselockError, parseSessionId, type SlotKey } from '@phaselock/core';
import { createBeside } from '@phaselock/store';
import { announceTemporary } from './announce.ts';
import type { GuardContext } from './context.ts';
import { answering, isIdempotencyRace } from './failures.ts';
import { type IdempotencyKey, idempotencyRow, parsed, storedAnswer } from './idempotency.ts';
import { newSessionId } from './new-ids.ts';
import { operationDeadline } from './operation-deadline.ts';
import { findBirth } from './own-birth.ts';
import { resolveInProject } from './resolve-in-project.ts';
import { bornSession, type GuardedSession } from './start-outcome.ts';

export type BeginStandalone = SlotKey & {
  readonly model: ModelSelection;
  readonly actor?: string;
  /**
   * With a milestone the session spans several tasks and lives until it is closed; without one it lives for one
   * execution.
   */
  readonly milestoneId?: string;
  readonly idempotencyKey?: IdempotencyKey;
};

/**
 * Creates a session record for an execution outside every slot before its agent runs, so that usage is never booked on
 * an unknown session id. The record holds no slot and is never the live session of a slot.
 */
export async function beginStandalone(ctx: GuardContext, request: BeginStandalone): Promise<GuardedSession> {
  return await answering(ctx, operationDeadline(ctx), 'session_create_failed', async () => {
    const { idempotencyKey: key } = request;
    const before = await madeBefore(ctx, key);
    if (before !== undefined) return before;
    try {
      return await make(ctx, request);
    } catch (error) {
      const twin = isIdempotencyRace(error) ? await madeBefore(ctx, key) : undefined;
      if (twin === undefined) throw error;
      return twin;
    }
  });
}

async function make(ctx: GuardContext, request: BeginStandalone): Promise<GuardedSession> {
  const { taskId, phase, mode, model, actor, milestoneId, idempotencyKey } = request;
  const view = await ctx.catalogue.view();
  const resolution = await resolveInProject(ctx, view, taskId, model);
  if (resolution.kind === 'missing') throw new PhaselockError('model_missing', { detail: resolution.why });
  const slot = { taskId, phase, mode };
  const { identity } = resolution;
  const id = newSessionId(ctx);
  await createBeside(ctx.database, {
    slot,
    sessionId: id,
    identity,
    milestoneId: milestoneId ?? null,
    createdBy: actor ?? null,
    standalone: true,
    idempotency: idempotencyRow(idempotencyKey, id),
  });
  if (milestoneId === undefined) announceTemporary(ctx, { taskId, sessionId: id });
  const born = { id, generation: OUTSIDE_THE_GUARD, slot, identity };
  return bornSession(born, { catalogue: view.catalogue, predecessor: null });
}

async function madeBefore(ctx: GuardContext, key: IdempotencyKey | undefined): Promise<GuardedSession | undefined> {
  const stored = await storedAnswer(ctx, key, ctx.database);
  if (stored === undefined) return undefined;
  const born = await findBirth(ctx, parsed(stored, 'session_id', parseSessionId));
  return born !== undefined && 'session' in born ? born.session : undefined;
}
