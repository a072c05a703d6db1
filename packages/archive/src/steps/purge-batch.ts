import { type Purged, purgeArchived } from '@phaselock/store';
import type { ArchiveContext } from './archive-context.ts';

/** Short transactions: each holds the locks of few, and leaves little to vacuum at a time. */
const PURGE_CHUNK = 250;
const PURGE_ROWS = 50_000;

/** Deletes what was archived and has been so for long enough. */
export async function purgeBatch(ctx: ArchiveContext): Promise<Purged> {
  const { database, policy, observe, racepoint } = ctx;
  const done = await purgeArchived(database, {
    limit: Math.min(PURGE_CHUNK, policy.batchLimit),
    maxRows: PURGE_ROWS,
    minAgeSeconds: policy.purgeAfterSeconds,
  });
  await racepoint?.('purged');
  if (done.purged > 0) observe.purged(done.purged);
  if (done.changed > 0) observe.changed(done.changed);
  return done;
}
