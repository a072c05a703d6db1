/** When a fault is injected, counted from the start of the load, and how long it lasts. */
export type Slot<Name> = { readonly name: Name; readonly atMs: number; readonly holdMs: number };

const HEALTHY_BEFORE = 0.1;
const LONGEST_HOLD_MS = 10_000;
const HELD_OF_A_SLOT = 0.25;

/**
 * Schedules the faults one after the other at equal distances. Most of each distance is left for recovery and for
 * healthy operation before the next fault.
 */
export function scheduleFaults<Name>(names: readonly Name[], durationSeconds: number): readonly Slot<Name>[] {
  const durationMs = durationSeconds * 1_000;
  const beforeMs = durationMs * HEALTHY_BEFORE;
  const eachMs = (durationMs - beforeMs) / names.length;
  const holdMs = Math.round(Math.min(LONGEST_HOLD_MS, eachMs * HELD_OF_A_SLOT));
  return names.map((name, nth) => ({ name, atMs: Math.round(beforeMs + nth * eachMs), holdMs }));
}
