import type { SlotKey, SlotState } from '@phaselock/core';
import { readSlotState } from '@phaselock/store';
import type { LookupSource } from '@phaselock/telemetry';
import type { GuardContext } from './context.ts';
import { Moved } from './failures.ts';
import { cohortOfSlot } from './which-cohort.ts';

/**
 * The slot as a snapshot has it, else one plain read. Good enough to decide on, since the write compares before it sets. A snapshot behind
 * a generation that is known to exist is not looked at.
 */
export async function glance(ctx: GuardContext, slot: SlotKey, knownGeneration: number): Promise<SlotState> {
  const since = ctx.now();
  return (await recall(ctx, slot, knownGeneration)) ?? (await readAfresh(ctx, slot, since));
}

export async function recall(
  ctx: GuardContext,
  slot: SlotKey,
  knownGeneration: number,
): Promise<SlotState | undefined> {
  const since = ctx.now();
  const found = await ctx.snapshots.get(slot);
  if (found === undefined || found.state.generation < knownGeneration) return undefined;
  countLookup(ctx, found.source, found.state, since);
  return found.state;
}

/** From the database. The lookup took as long as its caller waited for it: `since` it began, with the question to the cache. */
export async function readAfresh(ctx: GuardContext, slot: SlotKey, since: number): Promise<SlotState> {
  const readSince = ctx.now();
  const state = await readSlotState(ctx.database, slot);
  countLookup(ctx, 'database', state, since);
  ctx.snapshots.put(slot, state, ctx.now() - readSince);
  return state;
}

const countLookup = (ctx: GuardContext, source: LookupSource, state: SlotState, since: number): void =>
  ctx.telemetry.lookedUp(source, cohortOfSlot(state), (ctx.now() - since) / 1000);

/** The slot is not what was seen, so whatever it is, its version is a later one. */
export function movedPast(ctx: GuardContext, slot: SlotKey, seen: SlotState): Moved {
  ctx.snapshots.forget(slot, seen.version + 1);
  return new Moved();
}
