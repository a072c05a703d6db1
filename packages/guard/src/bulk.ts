import { UNKNOWN_VERSION } from '@phaselock/cache';
import {
  type Catalogue,
  decideStart,
  PhaselockError,
  replacementReason,
  type SessionId,
  type SlotKey,
  type SlotState,
  type StartDecision,
  slotName,
} from '@phaselock/core';
import { type BulkOpen, type KeyedSlotState, openSessions, readSlotStates } from '@phaselock/store';
import { announceOpened } from './announce.ts';
import type { BulkItem, BulkOutcome, BulkResult, NotedItem } from './bulk-items.ts';
import { bindBulkKey, type ItemKeys, settleWithKeys } from './bulk-keys.ts';
import { refuseTooMany } from './bulk-limit.ts';
import type { GuardContext } from './context.ts';
import { countBulkRefused, countBulkStart } from './count-bulk-start.ts';
import { type StartNotes, startNotes } from './count-start.ts';
import { demandReplace } from './demand-replace.ts';
import { answeringUncounted, isAmbiguous, isRetryable, toPhaselockError } from './failures.ts';
import { type IdempotencyKey, keyRow } from './idempotency.ts';
import { markMissing } from './mark-missing.ts';
import { newSessionId } from './new-ids.ts';
import { operationDeadline } from './operation-deadline.ts';
import { findBirth } from './own-birth.ts';
import { resolveGuarded } from './resolve-guarded.ts';
import { resolveInProject } from './resolve-in-project.ts';
import { startUncounted } from './start.ts';
import { answerTo, bornSession, shownOf } from './start-outcome.ts';
import type { Start } from './start-request.ts';
import { cohortOfMany, cohortOfSlot } from './which-cohort.ts';

/**
 * Starts sessions in many slots with three round trips, however many items there are: it reads all slots at once,
 * decides each item, and writes all changes in one statement, in key order. An item is started on its own if its slot
 * has changed or is locked, or has legacy sessions to collapse. The outcomes are in the order of the items. With an
 * idempotency key each item gets a key of its own, made of the key of the call and the index of the item, so that a
 * repeated call finds the outcome of each item.
 */
export async function bulkStart(
  ctx: GuardContext,
  items: readonly BulkItem[],
  { idempotencyKey }: { readonly idempotencyKey?: IdempotencyKey } = {},
): Promise<BulkOutcome[]> {
  const noted = items.map((item): NotedItem => ({ item, notes: startNotes(item) }));
  try {
    const results = await startAll(ctx, noted, idempotencyKey);
    countBulkStart(ctx, results);
    return results.map(({ outcome }) => outcome);
  } catch (error) {
    if (error instanceof PhaselockError) countBulkRefused(ctx, noted, error.code);
    throw error;
  }
}

async function startAll(
  ctx: GuardContext,
  noted: readonly NotedItem[],
  idempotencyKey: IdempotencyKey | undefined,
): Promise<BulkResult[]> {
  const items = noted.map(({ item }) => item);
  const deadline = operationDeadline(ctx);
  return await answeringUncounted(ctx, deadline, 'session_create_failed', async () => {
    refuseTooMany(ctx, items.length);
    if (new Set(items.map(slotName)).size !== items.length)
      throw new PhaselockError('invalid_request', { detail: 'a slot is named twice' });
    const keys = await bindBulkKey(ctx, idempotencyKey, items.length);
    const since = ctx.now();
    const plans = await planAll(ctx, noted, keys);
    await ctx.racepoint?.('bulk:decided');

    const writes = plans.flatMap((plan) => toWrite(plan) ?? []);
    const opened = await openAll(ctx, writes, deadline.waitMs());
    await ctx.racepoint?.('bulk:written');
    ctx.telemetry.bulkDone('start', items.length);
    // Items that are started on their own get an earlier deadline, so that a time-out fails one item instead of the
    // whole call.
    const alone = { ...ctx, settings: { ...ctx.settings, deadlineMs: deadline.waitMs() } };
    const finished = await Promise.all(
      plans.map(async (plan) => {
        const outcome = await finish(alone, plan, opened);
        return { item: plan.item, notes: plan.notes, outcome, seconds: (ctx.now() - since) / 1000 };
      }),
    );
    const outcomes = finished.map(({ outcome }) => outcome);
    const settled = await settleWithKeys(ctx, keys, outcomes);
    return finished.map((result, index) => {
      const outcome = settled[index] ?? result.outcome;
      // A concurrent call with the same key was faster, so its outcome is returned.
      if (outcome !== result.outcome) result.notes.retold = true;
      return { ...result, outcome };
    });
  });
}

type Plan = {
  readonly item: BulkItem;
  /** Whether the single-session rule applies to the item. */
  readonly guarded: boolean;
  readonly slot: SlotKey;
  readonly key: IdempotencyKey | undefined;
  readonly seen: SlotState;
  /**
   * `settled`: no write is needed, because an earlier call with the same key has the outcome, or because the item
   * failed.
   */
  readonly decision: StartDecision | { readonly kind: 'settled'; readonly outcome: BulkOutcome };
  readonly sessionId: SessionId;
  readonly catalogue: Catalogue;
  readonly notes: StartNotes;
};

async function planAll(ctx: GuardContext, noted: readonly NotedItem[], keys: ItemKeys): Promise<Plan[]> {
  const view = await ctx.catalogue.view();
  const { catalogue, policy } = view;
  const slots = noted.map(({ item: { taskId, phase, mode } }): SlotKey => ({ taskId, phase, mode }));
  const items = noted.map(({ item }) => item);
  const [read, guarded] = await Promise.all([readSlots(ctx, slots), resolveGuarded(ctx, items)]);
  const states = new Map(read.map(({ slot, state }) => [slotName(slot), state]));
  return await Promise.all(
    noted.map(async ({ item, notes }, index): Promise<Plan> => {
      const slot = slots[index] ?? item;
      const seen = markMissing(states.get(slotName(slot)) ?? neverRead(slot), catalogue);
      const { key, outcome } = keys[index] ?? {};
      if (item.guarded === 'if-task-is' && guarded[index] === true) ctx.telemetry.startCrossed();
      const isGuarded = guarded[index] ?? true;
      notes.guarded = isGuarded;
      notes.retold = outcome !== undefined;
      const plan = { item, guarded: isGuarded, slot, key, seen, sessionId: newSessionId(ctx), catalogue, notes };
      if (outcome !== undefined) return { ...plan, decision: { kind: 'settled', outcome } };
      try {
        const asked = {
          model: await resolveInProject(ctx, view, slot.taskId, item.model),
          say: item.say ?? { kind: 'nothing' as const },
          guarded: plan.guarded,
        };
        const decision = decideStart(seen, asked, policy);
        demandReplace(item.mayReplace, decision, asked.guarded);
        if (decision.kind === 'replace') notes.reason = replacementReason(decision.comparison);
        return { ...plan, decision };
      } catch (error) {
        return { ...plan, decision: { kind: 'settled', outcome: failed(error) } };
      }
    }),
  );
}

/** Counts one lookup for all slots, because one query reads them. */
async function readSlots(ctx: GuardContext, slots: readonly SlotKey[]): Promise<KeyedSlotState[]> {
  const since = ctx.now();
  const read = await readSlotStates(ctx.database, slots);
  const cohort = cohortOfMany(read.map(({ state }) => cohortOfSlot(state)));
  if (read.length > 0) ctx.telemetry.lookedUp('database', cohort, (ctx.now() - since) / 1000);
  return read;
}

function toWrite({ item, guarded, slot, key, seen, decision, sessionId }: Plan): BulkOpen | undefined {
  const birth = { slot, seen, sessionId, createdBy: item.actor ?? null, key: key === undefined ? null : keyRow(key) };
  switch (decision.kind) {
    case 'create':
      if (!guarded) return undefined;
      return { ...birth, identity: decision.identity, reason: 'first' };
    case 'replace':
      if (!decision.live.guarded) return undefined;
      return { ...birth, identity: decision.identity, reason: replacementReason(decision.comparison) };
    case 'existing':
    case 'ask':
    case 'refuse':
    case 'settled':
      return undefined;
  }
}

type Opened = {
  readonly rows: ReadonlyMap<SessionId, Awaited<ReturnType<typeof openSessions>>[number]>;
  /** Whether the write may have been committed although its answer was lost. */
  readonly ambiguous: boolean;
};

/**
 * Opens all sessions in one statement. If the statement fails as a whole (a unique index, a lost connection, a value of
 * one item that cannot be stored), each item is started on its own afterwards.
 */
async function openAll(ctx: GuardContext, writes: readonly BulkOpen[], waitMs: number): Promise<Opened> {
  if (writes.length === 0) return { rows: new Map(), ambiguous: false };
  try {
    const rows = new Map((await openSessions(ctx.database, writes, waitMs)).map((row) => [row.session_id, row]));
    return { rows, ambiguous: false };
  } catch (error) {
    if (!isRetryable(error) && toPhaselockError(error, 'unexpected').code === 'unexpected') throw error;
    for (const { slot, sessionId } of writes) {
      ctx.snapshots.changed(slot, { version: UNKNOWN_VERSION, state: null, sessionId, model: null });
    }
    return { rows: new Map(), ambiguous: isAmbiguous(error) };
  }
}

async function finish(
  ctx: GuardContext,
  { item, guarded, slot, key, decision, sessionId, catalogue, notes }: Plan,
  { rows, ambiguous }: Opened,
): Promise<BulkOutcome> {
  const row = rows.get(sessionId);
  if (row !== undefined && (decision.kind === 'create' || decision.kind === 'replace')) {
    const { identity } = decision;
    const live = decision.kind === 'replace' ? decision.live : null;
    const predecessor = live === null ? null : shownOf(live);
    const born = { id: sessionId, generation: row.generation, slot, identity };
    const session = bornSession(born, { catalogue, predecessor });
    announceOpened(ctx, {
      session,
      slotVersion: row.slot_version,
      predecessor,
      invalidatedModel: (live?.identity ?? identity).model,
      reason: decision.kind === 'replace' ? replacementReason(decision.comparison) : 'first',
    });
    return predecessor === null ? { kind: 'created', session } : { kind: 'replaced', session, predecessor };
  }
  // A guarded task stays guarded, so true is passed on. An unguarded task may become guarded before its item is
  // started, so the item's own setting is resolved again.
  const alone = { ...item, ...(guarded && { guarded }), ...(key !== undefined && { idempotencyKey: key }) };
  switch (decision.kind) {
    case 'settled':
      return decision.outcome;
    case 'ask':
    case 'refuse':
      return answerTo(slot, catalogue, decision);
    case 'existing':
      return decision.live.guarded && decision.takesOn === null
        ? answerTo(slot, catalogue, decision)
        : await startAlone(ctx, { item: alone, notes });
    case 'create':
    case 'replace':
      return await startAlone(ctx, { item: alone, notes, ...(ambiguous && { bornAs: sessionId }) });
  }
}

type Alone = {
  readonly item: Start;
  readonly notes: StartNotes;
  /** The session id that this call generated, set after a lost answer: if the session exists, this call created it. */
  readonly bornAs?: SessionId;
};

async function startAlone(ctx: GuardContext, { item, notes, bornAs }: Alone): Promise<BulkOutcome> {
  try {
    const born = bornAs === undefined ? undefined : await findBirth(ctx, bornAs);
    return born ?? (await startUncounted(ctx, item, notes));
  } catch (error) {
    return failed(error);
  }
}

function failed(error: unknown): BulkOutcome {
  const { code, message, detail } = toPhaselockError(error, 'session_create_failed');
  return { kind: 'failed', code, text: message, ...(detail !== undefined && { detail }) };
}

function neverRead(slot: SlotKey): never {
  throw new Error(`no state was read for ${slotName(slot)}`);
}
