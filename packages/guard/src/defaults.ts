import type { GuardSettings } from './context.ts';

export const DEFAULT_SETTINGS: GuardSettings = {
  deadlineMs: 5_000,
  leaseMs: 30_000,
  logBatchLimit: 5_000,
  bulkLimit: 1_000,
};

/** How long any holder may keep a slot locked. */
export const LOCK_HOLD_MS = 5_000;
