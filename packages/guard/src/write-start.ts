import {
  checkHandoff,
  OUTSIDE_THE_GUARD,
  PhaselockError,
  replacementReason,
  type SlotState,
  type StartDecision,
} from '@phaselock/core';
import {
  adoptSession,
  createBeside,
  createBesideOutside,
  keepSession,
  openSession,
  type Writer,
} from '@phaselock/store';
import { announceAdopted, announceBeside, announceKept, announceOpened } from './announce.ts';
import type { GuardContext } from './context.ts';
import { isIdempotencyRace, Moved, TaskIsGuarded } from './failures.ts';
import { movedPast } from './glance.ts';
import { existingRow, idempotencyRow, keepAnswer } from './idempotency.ts';
import { retold } from './retold.ts';
import type { StartAttempt } from './start-attempt.ts';
import { answerTo, bornSession, type StartOutcome, shownOf } from './start-outcome.ts';

type Existing = Extract<StartDecision, { kind: 'existing' }>;

/**
 * The state that was decided on, and where to write. Each write compares the slot with that state, and writes nothing
 * if the slot has changed.
 */
export type Place = { readonly seen: SlotState; readonly writer: Writer };

/** Writes a decision to create or to replace a session. */
export async function open(
  ctx: GuardContext,
  attempt: StartAttempt,
  decision: Extract<StartDecision, { kind: 'create' | 'replace' }>,
  { seen, writer }: Place,
): Promise<StartOutcome> {
  const { slot, sessionId, handoff, actor, catalogue, milestoneId } = attempt;
  const live = decision.kind === 'replace' ? decision.live : null;
  const predecessor = live === null ? null : shownOf(live);
  refuseHandoff(attempt, predecessor !== null);

  const { identity } = decision;
  const reason = decision.kind === 'replace' ? replacementReason(decision.comparison) : 'first';
  attempt.notes.reason = reason === 'first' ? undefined : reason;
  const opened = await openSession(writer, {
    slot,
    seen,
    sessionId,
    identity,
    milestoneId,
    createdBy: actor,
    reason,
    handoff: handoff?.summary ?? null,
    idempotency: idempotencyRow(attempt.idempotency, sessionId),
    waitMs: attempt.waitMs(),
  });
  if (opened.kind === 'moved') throw movedPast(ctx, slot, seen);
  await ctx.racepoint?.('start:written');

  const { generation, slotVersion } = opened;
  const session = bornSession({ id: sessionId, generation, slot, identity }, { catalogue, predecessor });
  const invalidatedModel = (live?.identity ?? identity).model;
  announceOpened(ctx, { session, slotVersion, predecessor, invalidatedModel, reason });
  if (opened.collapsed > 0) ctx.telemetry.legacyCollapsed(opened.collapsed);
  await ctx.racepoint?.('start:announced');
  return predecessor === null ? { kind: 'created', session } : { kind: 'replaced', session, predecessor };
}

function refuseHandoff({ handoff }: StartAttempt, replaces: boolean): void {
  const problem = handoff === undefined ? undefined : checkHandoff(handoff, replaces);
  if (problem !== undefined) throw new PhaselockError('invalid_request', { detail: `handoff: ${problem}` });
}

/**
 * The first guarded start of a task adopts the newest legacy session. A session kept for a slightly different model
 * also takes that model on.
 */
export async function adopt(
  ctx: GuardContext,
  attempt: StartAttempt,
  decision: Existing,
  { seen, writer }: Place,
): Promise<StartOutcome> {
  const { slot, actor, waitMs, idempotency } = attempt;
  const { live, takesOn } = decision;
  const adopted = await adoptSession(
    writer,
    { slot, seen, sessionId: live.id, actor, waitMs: waitMs() },
    { last: takesOn === null && idempotency === undefined },
  );
  if (adopted.outcome === 'moved') throw movedPast(ctx, slot, seen);
  if (takesOn !== null) await takeOn(attempt, decision, writer);
  else if (idempotency !== undefined)
    await keepAnswer(idempotency, existingRow(idempotency, live.id, live.status), writer);
  announceAdopted(ctx, { slot, sessionId: live.id, model: live.identity.model, collapsed: adopted.collapsed });
  return answerTo(slot, attempt.catalogue, decision);
}

/** The user chose to keep the session, so the requested model becomes its model. */
export async function keep(
  ctx: GuardContext,
  attempt: StartAttempt,
  decision: Existing,
  { seen, writer }: Place,
): Promise<StartOutcome> {
  const { slot, catalogue } = attempt;
  const kept = await takeOn(attempt, decision, writer);
  if (kept.kind === 'moved') throw movedPast(ctx, slot, seen);
  const { id: sessionId, identity } = decision.live;
  announceKept(ctx, { slot, slotVersion: kept.slotVersion, sessionId, previousModel: identity.model });
  return answerTo(slot, catalogue, decision);
}

async function takeOn(attempt: StartAttempt, { live, takesOn }: Existing, writer: Writer) {
  const { slot, actor, idempotency } = attempt;
  const kept = await keepSession(writer, {
    slot,
    guarded: true,
    sessionId: live.id,
    generation: live.generation,
    seenVersion: null,
    identity: takesOn ?? live.identity,
    actor,
    idempotency: idempotency === undefined ? null : existingRow(idempotency, live.id, live.status),
    waitMs: attempt.waitMs(),
  });
  if (kept.kind === 'moved' && !live.guarded) throw new Moved();
  return kept;
}

export async function createUnguarded(
  ctx: GuardContext,
  attempt: StartAttempt,
  { identity }: Extract<StartDecision, { kind: 'create' }>,
): Promise<StartOutcome> {
  const { slot, sessionId, actor, catalogue, milestoneId } = attempt;
  refuseHandoff(attempt, false);
  const idempotency = idempotencyRow(attempt.idempotency, sessionId);
  try {
    const beside = { slot, sessionId, identity, milestoneId, createdBy: actor, idempotency };
    if (!attempt.isOutside) await createBeside(ctx.database, { ...beside, standalone: false });
    else if (!(await createBesideOutside(ctx.database, beside))) {
      ctx.guardedTasks.add(slot.taskId);
      throw new TaskIsGuarded();
    }
  } catch (error) {
    const twin = isIdempotencyRace(error) ? await retold(ctx, attempt, ctx.database) : undefined;
    if (twin === undefined) throw error;
    return twin;
  }
  const born = { id: sessionId, generation: OUTSIDE_THE_GUARD, slot, identity };
  const session = bornSession(born, { catalogue, predecessor: null });
  announceBeside(ctx, session);
  return { kind: 'created-beside', session };
}
