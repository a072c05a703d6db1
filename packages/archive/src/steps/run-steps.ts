import type { RunCounts } from '@phaselock/store';
import { StoreFailure } from '../stores/object-store.ts';
import { archiveBatch } from './archive-batch.ts';
import type { ArchiveContext } from './archive-context.ts';
import { purgeBatch } from './purge-batch.ts';
import { removeExpired } from './remove-expired.ts';

export type StepsDone = RunCounts & { readonly storeDown: boolean };

/** Everything that is due, one batch after the other, until there is none or it is told to stop. Any number of these may run at once. */
export async function runSteps(
  ctx: ArchiveContext,
  signal?: AbortSignal,
  onProgress?: (done: StepsDone) => void,
): Promise<StepsDone> {
  const done = { archived: 0, purged: 0, removed: 0, failed: 0, bytes: 0, storeDown: false };
  const goOn = (): boolean => signal?.aborted !== true && !done.storeDown;
  for (let claimed = 1; claimed > 0 && goOn(); ) {
    const batch = await archiveBatch(ctx, signal);
    claimed = batch.claimed;
    done.archived += batch.archived;
    done.failed += batch.failed;
    done.bytes += batch.bytes;
    done.storeDown = batch.storeDown;
    onProgress?.(done);
  }
  // What is kept already may go, whatever the store does now.
  for (let found = 1; found > 0 && signal?.aborted !== true; ) {
    const batch = await purgeBatch(ctx);
    found = batch.purged + batch.changed;
    done.purged += batch.purged;
    onProgress?.(done);
    await ctx.pace({ sessions: found, bytes: 0 }, signal);
  }
  for (let found = 1; found > 0 && goOn(); ) {
    found = await removeExpired(ctx).catch((error: unknown) => {
      if (!(error instanceof StoreFailure)) throw error;
      ctx.observe.failed(error.code, false);
      done.storeDown = true;
      return 0;
    });
    done.removed += found;
    onProgress?.(done);
  }
  return done;
}
