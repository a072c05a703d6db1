import type { StepsDone } from '@phaselock/archive';
import type { RunCounts } from '@phaselock/store';

/** What a lane did, for its run: one that could not use the store did not succeed, whether or not there was a session that met it. */
export const countsOf = ({ storeDown, failed, ...counts }: StepsDone): RunCounts => ({
  archived: counts.archived,
  purged: counts.purged,
  removed: counts.removed,
  bytes: counts.bytes,
  failed: storeDown ? Math.max(1, failed) : failed,
});
