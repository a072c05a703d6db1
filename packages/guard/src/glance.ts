import type { SlotKey, SlotState } from '@phaselock/core';
import { readSlotState } from '@phaselock/store';
import type { LookupSource } from '@phaselock/telemetry';
import type { GuardContext } from './context.ts';
import { Moved } from './failures.ts';
import { cohortOfSlot } from './which-cohort.ts';

/**
 * The state of a slot from the snapshot cache, else from one plain read. The state may be outdated; a decision on it is
 * safe because the write is a compare-and-set. A snapshot older than `knownGeneration` is ignored.
 */
export async function glance(ctx: GuardContext, slot: SlotKey, knownGeneration: number): Promise<SlotState> {
  const since = ctx.now();
  return (await recall(ctx, slot, knownGeneration)) ?? (await readAfresh(ctx, slot, since));
}

/** The state of a slot from the snapshot cache; undefined on a cache miss or if the snapshot is too old. */
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

/**
 * Reads the state of a slot from the database. The lookup time is counted from `since`, so that it includes the cache
 * query before the read.
 */
export async function readAfresh(ctx: GuardContext, slot: SlotKey, since: number): Promise<SlotState> {
  const readSince = ctx.now();
  const state = await readSlotState(ctx.database, slot);
  countLookup(ctx, 'database', state, since);
  ctx.snapshots.put(slot, state, ctx.now() - readSince);
  return state;
}

const countLookup = (ctx: GuardContext, source: LookupSource, state: SlotState, since: number): void =>
  ctx.telemetry.lookedUp(source, cohortOfSlot(state), (ctx.now() - since) / 1000);

/** The slot has changed since `seen` was read, so snapshots up to that version are dropped. */
export function movedPast(ctx: GuardContext, slot: SlotKey, seen: SlotState): Moved {
  ctx.snapshots.forget(slot, seen.version + 1);
  return new Moved();
}
