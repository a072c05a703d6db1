import type { SlotKey } from '@phaselock/core';
import { type Database, lockSlot, type Writer } from '@phaselock/store';
import type { SlotSnapshots } from './context.ts';

/**
 * Opens a transaction that locks the row of the slot, and returns the state of the slot under the lock. BEGIN, lock and
 * read take one round trip. The session is not read again if its cached state (`known`) is still current.
 */
export const openLockedSlot =
  (database: Database, snapshots: Pick<SlotSnapshots, 'get'>) =>
  async (slot: SlotKey, { waitMs, holdMs }: { waitMs: number; holdMs: number }) => {
    const since = performance.now();
    const known = (await snapshots.get(slot))?.state;
    const transaction = database.transaction();
    try {
      const { state, waited } = await lockSlot(transaction, { slot, known, waitMs, holdMs });
      const writer: Writer = transaction;
      const foundInMs = waited ? null : performance.now() - since;
      return {
        state,
        writer,
        waited,
        foundInMs,
        commit: () => transaction.commit(),
        rollback: () => transaction.rollback(),
      };
    } catch (error) {
      await transaction.rollback();
      throw error;
    }
  };
