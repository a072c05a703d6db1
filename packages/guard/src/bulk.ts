import { UNKNOWN_VERSION } from '@phaselock/cache';
import {
  decideStart,
  type ErrorCode,
  PhaselockError,
  replacementReason,
  resolveModel,
  type SessionId,
  type SlotKey,
  type SlotState,
  type StartDecision,
  slotName,
} from '@phaselock/core';
import { deadlineIn } from '@phaselock/locking';
import { type BulkOpen, deleteSessions, openSessions, readSlotStates } from '@phaselock/store';
import { announceDeleted, announceOpened } from './announce.ts';
import type { GuardContext } from './context.ts';
import { answering, isAmbiguous, isRetryable, toPhaselockError } from './failures.ts';
import { newSessionId } from './new-ids.ts';
import { findBirth } from './own-birth.ts';
import { type Start, start } from './start.ts';
import { answerTo, type StartOutcome, shownOf } from './start-outcome.ts';

/** One item's failure is its own: the others stand. */
export type BulkOutcome = StartOutcome | { readonly kind: 'failed'; readonly code: ErrorCode; readonly text: string };

export type BulkItem = Omit<Start, 'signal' | 'idempotencyKey' | 'handoff'>;

/**
 * Starts in many slots with three round trips, however many: one read, one decision each, one write for all that need one, in key order. An
 * item whose slot moved meanwhile or is held, or that has legacy sessions to collapse, is started on its own. The answers are in the order asked.
 */
export async function bulkStart(ctx: GuardContext, items: readonly BulkItem[]): Promise<BulkOutcome[]> {
  const deadline = deadlineIn(ctx.settings.deadlineMs, ctx.now);
  return await answering(ctx, deadline, 'session_create_failed', async () => {
    refuseTooMany(ctx, items.length);
    const slots = items.map(({ taskId, phase, mode }): SlotKey => ({ taskId, phase, mode }));
    if (new Set(slots.map(slotName)).size !== slots.length)
      throw new PhaselockError('invalid_request', { detail: 'a slot is named twice' });

    const since = ctx.now();
    const { catalogue, policy } = await ctx.catalogue.view();
    const states = new Map(
      (await readSlotStates(ctx.database, slots)).map(({ slot, state }) => [slotName(slot), state]),
    );
    const plans = items.map((item, index): Plan => {
      const slot = slots[index] ?? item;
      const seen = states.get(slotName(slot)) ?? neverRead(slot);
      const asked = {
        model: resolveModel(catalogue, item.model),
        say: item.say ?? { kind: 'nothing' as const },
        guarded: item.guarded ?? true,
      };
      return { item, slot, seen, decision: decideStart(seen, asked, policy), sessionId: newSessionId(ctx) };
    });
    await ctx.racepoint?.('bulk:decided');

    const writes = plans.flatMap((plan) => toWrite(plan) ?? []);
    const opened = await openAll(ctx, writes, deadline.remainingMs());
    await ctx.racepoint?.('bulk:written');
    ctx.telemetry.bulkDone('start', items.length);
    // Those that go their own way share what is left of the deadline, and one that waits holds up no other.
    const alone = { ...ctx, settings: { ...ctx.settings, deadlineMs: deadline.remainingMs() } };
    return await Promise.all(plans.map((plan) => finish(alone, plan, opened, since)));
  });
}

type Plan = {
  readonly item: BulkItem;
  readonly slot: SlotKey;
  readonly seen: SlotState;
  readonly decision: StartDecision;
  readonly sessionId: SessionId;
};

function toWrite({ item, slot, seen, decision, sessionId }: Plan): BulkOpen | undefined {
  const createdBy = item.actor ?? null;
  switch (decision.kind) {
    case 'create':
      if (item.guarded === false) return undefined;
      return { slot, seen, sessionId, identity: decision.identity, createdBy, reason: 'first' };
    case 'replace':
      if (!decision.live.guarded) return undefined;
      return {
        slot,
        seen,
        sessionId,
        identity: decision.identity,
        createdBy,
        reason: replacementReason(decision.comparison),
      };
    case 'existing':
    case 'ask':
    case 'refuse':
      return undefined;
  }
}

type Opened = {
  readonly rows: ReadonlyMap<SessionId, Awaited<ReturnType<typeof openSessions>>[number]>;
  /** Whether all of it may have been committed although the answer was lost. */
  readonly ambiguous: boolean;
};

/**
 * A race lost by the whole statement (a unique index, a dead connection), or one item's value that cannot be stored, leaves nothing written:
 * every item goes its own way then.
 */
async function openAll(ctx: GuardContext, writes: readonly BulkOpen[], waitMs: number): Promise<Opened> {
  if (writes.length === 0) return { rows: new Map(), ambiguous: false };
  try {
    const rows = new Map((await openSessions(ctx.database, writes, waitMs)).map((row) => [row.session_id, row]));
    return { rows, ambiguous: false };
  } catch (error) {
    if (!isRetryable(error) && toPhaselockError(error, 'unexpected').code === 'unexpected') throw error;
    for (const { slot, sessionId } of writes) {
      ctx.snapshots.changed(slot, { version: UNKNOWN_VERSION, state: null, sessionId });
    }
    return { rows: new Map(), ambiguous: isAmbiguous(error) };
  }
}

async function finish(
  ctx: GuardContext,
  { item, slot, decision, sessionId }: Plan,
  { rows, ambiguous }: Opened,
  since: number,
): Promise<BulkOutcome> {
  const row = rows.get(sessionId);
  if (row !== undefined && (decision.kind === 'create' || decision.kind === 'replace')) {
    const session = {
      id: sessionId,
      generation: row.generation,
      slot,
      identity: decision.identity,
      modelMissing: false,
    };
    const predecessor = decision.kind === 'replace' ? shownOf(decision.live) : null;
    announceOpened(ctx, {
      session,
      slotVersion: row.slot_version,
      predecessor,
      reason: decision.kind === 'replace' ? replacementReason(decision.comparison) : 'first',
      since,
    });
    return predecessor === null ? { kind: 'created', session } : { kind: 'replaced', session, predecessor };
  }
  switch (decision.kind) {
    case 'ask':
    case 'refuse':
      return answerTo(slot, decision);
    case 'existing':
      return decision.live.guarded ? answerTo(slot, decision) : await startAlone(ctx, item);
    case 'create':
    case 'replace':
      return await startAlone(ctx, item, ambiguous ? sessionId : undefined);
  }
}

/** An id made by this call, after a lost answer: if its session is there, this call bore it. */
async function startAlone(ctx: GuardContext, item: BulkItem, bornAs?: SessionId): Promise<BulkOutcome> {
  try {
    const born = bornAs === undefined ? undefined : await findBirth(ctx, bornAs);
    return born ?? (await start(ctx, item));
  } catch (error) {
    const { code, message } = toPhaselockError(error, 'session_create_failed');
    return { kind: 'failed', code, text: message };
  }
}

export async function bulkDelete(
  ctx: GuardContext,
  sessionIds: readonly SessionId[],
  actor?: string,
): Promise<SessionId[]> {
  const deadline = deadlineIn(ctx.settings.deadlineMs, ctx.now);
  return await answering(ctx, deadline, 'unexpected', async () => {
    refuseTooMany(ctx, sessionIds.length);
    const gone = await deleteSessions(ctx.database, {
      sessionIds,
      reason: 'deleted',
      actor: actor ?? null,
      waitMs: deadline.remainingMs(),
    });
    for (const { session_id: sessionId, task_id: taskId, phase, mode, slot_version: slotVersion } of gone) {
      announceDeleted(ctx, { slot: { taskId, phase, mode }, slotVersion, sessionId, reason: 'deleted' });
    }
    ctx.telemetry.bulkDone('delete', sessionIds.length);
    return gone.map(({ session_id }) => session_id);
  });
}

function refuseTooMany({ settings }: GuardContext, count: number): void {
  if (count > settings.bulkLimit)
    throw new PhaselockError('invalid_request', { detail: `at most ${settings.bulkLimit} items at once` });
}

function neverRead(slot: SlotKey): never {
  throw new Error(`no state was read for ${slotName(slot)}`);
}
