import type { ArchivePolicy } from '../src/steps/archive-context.ts';

/** A policy without delays: deleted sessions may be archived and purged immediately. */
export const AT_ONCE: ArchivePolicy = {
  archiveAfterSeconds: 0,
  purgeAfterSeconds: 0,
  retentionDays: 365,
  batchLimit: 1_000,
  leaseSeconds: 60,
  writesAtATime: 8,
};
