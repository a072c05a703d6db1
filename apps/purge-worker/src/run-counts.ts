import type { StepsDone } from '@phaselock/archive';
import type { RunCounts } from '@phaselock/store';

/**
 * The counts of a lane for its run. If the store could not be used, at least one failure is counted, even when no
 * session was due.
 */
export const countsOf = ({ storeDown, failed, ...counts }: StepsDone): RunCounts => ({
  archived: counts.archived,
  purged: counts.purged,
  removed: counts.removed,
  bytes: counts.bytes,
  failed: storeDown ? Math.max(1, failed) : failed,
});
