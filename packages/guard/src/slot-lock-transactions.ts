import type { SlotKey } from '@phaselock/core';
import type { Database } from '@phaselock/store';
import type { SlotSnapshots } from './context.ts';

type Bounds = { readonly waitMs: number; readonly holdMs: number; readonly alone: boolean };

/**
 * Opens a transaction that locks the row of the slot, and returns the state of the slot under the lock. BEGIN, lock and
 * read take one round trip. The session is not read again if its cached state (`known`) is still current.
 */
export const openLockedSlot =
  (database: Database, snapshots: Pick<SlotSnapshots, 'get'>) =>
  async (slot: SlotKey, { waitMs, holdMs, alone }: Bounds) => {
    const since = performance.now();
    const known = (await snapshots.get(slot))?.state;
    const locked = await database.lockSlot({ slot, known, waitMs, holdMs }, { alone });
    return { ...locked, foundInMs: locked.waited ? null : performance.now() - since };
  };
