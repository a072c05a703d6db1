import type { RunCounts } from '@phaselock/store';
import { StoreFailure } from '../stores/object-store.ts';
import { archiveBatch } from './archive-batch.ts';
import type { ArchiveContext } from './archive-context.ts';
import { purgeBatch } from './purge-batch.ts';
import { removeExpired } from './remove-expired.ts';

export type StepsDone = RunCounts & {
  readonly storeDown: boolean;
  /** Why the store is not the known one; nothing was archived, purged or removed there. */
  readonly storeChanged: string | null;
};

type Doing = { -readonly [Name in keyof StepsDone]: StepsDone[Name] };
type Running = {
  readonly ctx: ArchiveContext;
  readonly done: Doing;
  readonly signal: AbortSignal | undefined;
  readonly tell: () => void;
};

/**
 * The second round archives and purges the sessions whose objects were found damaged; further failures wait for the
 * next run.
 */
const ROUNDS = 2;

/**
 * Processes everything that is due, batch by batch, until nothing is left or the signal aborts. Several workers may run
 * this at once.
 */
export async function runSteps(
  ctx: ArchiveContext,
  signal?: AbortSignal,
  onProgress?: (done: StepsDone) => void,
): Promise<StepsDone> {
  const counts = { archived: 0, purged: 0, removed: 0, failed: 0, bytes: 0 };
  const done: Doing = { ...counts, storeDown: false, storeChanged: null };
  const running: Running = { ctx, done, signal, tell: () => onProgress?.(done) };
  for (let round = 1, healing = 1; healing > 0 && round <= ROUNDS && goesOn(running); round += 1) {
    await archiveDue(running);
    healing = await purgeDue(running);
  }
  while (goesOn(running) && !done.storeDown && (await removeSome(running)) > 0);
  return done;
}

const goesOn = ({ done, signal }: Running): boolean => signal?.aborted !== true && done.storeChanged === null;

async function archiveDue(running: Running): Promise<void> {
  const { ctx, done, signal, tell } = running;
  for (let claimed = 1; claimed > 0 && goesOn(running) && !done.storeDown; ) {
    const batch = await archiveBatch(ctx, signal);
    claimed = batch.claimed;
    done.archived += batch.archived;
    done.failed += batch.failed;
    done.bytes += batch.bytes;
    done.storeDown = batch.storeDown;
    if (batch.changedStore !== undefined) refuse(running, batch.changedStore);
    tell();
  }
}

/**
 * Runs whatever the outcome of archiving: a store that rejects writes may still be readable. Returns how many sessions
 * must be archived again.
 */
async function purgeDue(running: Running): Promise<number> {
  const { ctx, done, signal, tell } = running;
  let healing = 0;
  // A batch without any result, for example after a lapsed lease, ends the loop.
  for (let settled = 1; settled > 0 && goesOn(running); ) {
    const batch = await purgeBatch(ctx);
    settled = batch.purged + batch.changed + batch.healing + batch.failed;
    healing += batch.healing;
    done.purged += batch.purged;
    done.failed += batch.failed;
    tell();
    if (batch.refusedBy !== undefined) {
      refuse(running, batch.refusedBy);
      break;
    }
    await ctx.pace({ sessions: batch.claimed, bytes: batch.bytes }, signal);
  }
  return healing;
}

async function removeSome(running: Running): Promise<number> {
  const removed = await removeExpired(running.ctx).catch((error: unknown) => {
    if (!(error instanceof StoreFailure)) throw error;
    refuse(running, error);
    return 0;
  });
  running.done.removed += removed;
  running.tell();
  return removed;
}

/** Counts a failure of the store once per run, not once per session. */
function refuse({ ctx, done }: Running, { code, message }: StoreFailure): void {
  ctx.observe.failed(code, false);
  done.storeDown = true;
  if (code === 'store_changed') done.storeChanged = message;
}
