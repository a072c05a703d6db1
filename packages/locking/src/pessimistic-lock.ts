import type { SlotKey } from '@phaselock/core';
import type { LockedSlot, SlotLock } from './slot-lock.ts';

/**
 * Opens a transaction and locks the slot's row in it; the bounds limit the wait for the lock and the time it is held.
 */
export type OpenLocked<State, Writer> = (
  slot: SlotKey,
  bounds: { waitMs: number; holdMs: number },
) => Promise<LockedSlot<State, Writer>>;

/** `SELECT … FOR UPDATE` on the slot's row: the holder decides on the newest state, and other writers wait. */
export function pessimisticLock<State, Writer>(
  openLocked: OpenLocked<State, Writer>,
  { holdMs, contended }: { holdMs: number; contended: () => void },
): SlotLock<State, Writer> {
  return async (slot, deadline, work) => {
    const locked = await openLocked(slot, { waitMs: deadline.waitMs(), holdMs });
    if (locked.waited) contended();
    try {
      const { state, writer, foundInMs } = locked;
      const result = await work({ kind: 'locked', state, writer, foundInMs });
      await locked.commit();
      return result;
    } catch (error) {
      await locked.rollback();
      throw error;
    }
  };
}
