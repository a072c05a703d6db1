import type { ArchivePolicy } from '../steps/archive-context.ts';

/** No patience: what is deleted may be archived and purged at once. */
export const AT_ONCE: ArchivePolicy = {
  archiveAfterSeconds: 0,
  purgeAfterSeconds: 0,
  retentionDays: 365,
  batchLimit: 1_000,
  leaseSeconds: 60,
  writesAtATime: 8,
};
