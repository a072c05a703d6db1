import type { SlotKey } from '@phaselock/core';
import { type HeldLock, holdLock } from './hold-lock.ts';

/** Holds the row lock of a slot. */
export const holdSlot = (databaseUrl: string, { taskId, phase, mode }: SlotKey): Promise<HeldLock> =>
  holdLock(databaseUrl, 'select from slots where task_id = $1 and phase = $2 and mode = $3 for update', [
    taskId,
    phase,
    mode,
  ]);
