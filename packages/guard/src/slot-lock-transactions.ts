import type { SlotKey, SlotState } from '@phaselock/core';
import {
  type Database,
  firstRow,
  LOCK_SLOT,
  lockSlotValues,
  type SlotStateRow,
  toSlotState,
  type Writer,
} from '@phaselock/store';

/** A transaction that holds the slot's row, and the state read under the lock; BEGIN, lock and read are one round trip. */
export const openLockedSlot =
  (database: Database) =>
  async (slot: SlotKey, { waitMs, holdMs }: { waitMs: number; holdMs: number }) => {
    const transaction = database.transaction();
    try {
      const rows = await transaction.query<SlotStateRow>(LOCK_SLOT, lockSlotValues(slot, waitMs, holdMs));
      const row = firstRow(rows);
      const state: SlotState = toSlotState(row);
      const writer: Writer = transaction;
      return {
        state,
        writer,
        waited: row.waited === true,
        commit: () => transaction.commit(),
        rollback: () => transaction.rollback(),
      };
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  };
