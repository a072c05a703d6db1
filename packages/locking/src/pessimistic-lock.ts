import type { SlotKey } from '@phaselock/core';
import type { Deadline } from './deadline.ts';
import type { Held, LockedSlot, SlotLock } from './slot-lock.ts';

/**
 * Opens a transaction and locks the slot's row in it; the bounds limit the wait for the lock and the time it is held.
 * Several callers may share a transaction, unless one asks for its own (`alone`).
 */
export type OpenLocked<State, Writer> = (
  slot: SlotKey,
  bounds: { waitMs: number; holdMs: number; alone: boolean },
) => Promise<LockedSlot<State, Writer>>;

export type PessimisticLock = {
  readonly holdMs: number;
  readonly contended: () => void;
  /** Whether a transaction that several callers shared did not do the work of this one. It is then run again, alone. */
  readonly isLeftOut: (error: unknown) => boolean;
};

/** `SELECT … FOR UPDATE` on the slot's row: the holder decides on the newest state, and other writers wait. */
export function pessimisticLock<State, Writer>(
  openLocked: OpenLocked<State, Writer>,
  { holdMs, contended, isLeftOut }: PessimisticLock,
): SlotLock<State, Writer> {
  const runLocked = async <T>(
    slot: SlotKey,
    deadline: Deadline,
    { work, alone }: { work: (held: Held<State, Writer>) => Promise<T>; alone: boolean },
  ): Promise<T> => {
    const locked = await openLocked(slot, { waitMs: deadline.waitMs(), holdMs, alone });
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
  return async (slot, deadline, work) => {
    try {
      return await runLocked(slot, deadline, { work, alone: false });
    } catch (error) {
      if (!isLeftOut(error)) throw error;
      return await runLocked(slot, deadline, { work, alone: true });
    }
  };
}
