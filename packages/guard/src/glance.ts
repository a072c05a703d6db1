import type { SlotKey, SlotState } from '@phaselock/core';
import { readSlotState } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { Moved } from './failures.ts';

/**
 * The slot as a snapshot has it, else one plain read. Good enough to decide on, since the write compares before it sets. A snapshot behind
 * a generation that is known to exist is not looked at.
 */
export const glance = async (ctx: GuardContext, slot: SlotKey, knownGeneration: number): Promise<SlotState> =>
  (await recall(ctx, slot, knownGeneration)) ?? (await readAfresh(ctx, slot));

export async function recall(
  ctx: GuardContext,
  slot: SlotKey,
  knownGeneration: number,
): Promise<SlotState | undefined> {
  const snapshot = await ctx.snapshots.get(slot);
  return snapshot !== undefined && snapshot.generation >= knownGeneration ? snapshot : undefined;
}

export async function readAfresh(ctx: GuardContext, slot: SlotKey): Promise<SlotState> {
  const since = ctx.now();
  const state = await readSlotState(ctx.database, slot);
  const tookMs = ctx.now() - since;
  ctx.telemetry.lookedUp('database', tookMs / 1000);
  ctx.snapshots.put(slot, state, tookMs);
  return state;
}

/** The slot is not what was seen, so whatever it is, its version is a later one. */
export function movedPast(ctx: GuardContext, slot: SlotKey, seen: SlotState): Moved {
  ctx.snapshots.forget(slot, seen.version + 1);
  return new Moved();
}
