import type { RunCounts } from '@phaselock/store';
import { StoreFailure } from '../stores/object-store.ts';
import { archiveBatch } from './archive-batch.ts';
import type { ArchiveContext } from './archive-context.ts';
import { purgeBatch } from './purge-batch.ts';
import { removeExpired } from './remove-expired.ts';

export type StepsDone = RunCounts & {
  readonly storeDown: boolean;
  /** Why it is not taken for the store the database knows: nothing was archived, purged or removed there. */
  readonly storeChanged: string | null;
};

type Doing = { -readonly [Name in keyof StepsDone]: StepsDone[Name] };
type Running = {
  readonly ctx: ArchiveContext;
  readonly done: Doing;
  readonly signal: AbortSignal | undefined;
  readonly tell: () => void;
};

/** What is healed is archived and purged in the same run; what fails again waits for the next one. */
const ROUNDS = 2;

/** Everything that is due, one batch after the other, until there is none or it is told to stop. Any number of these may run at once. */
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

/** A store that takes nothing may still be read: this is tried whatever became of the archiving. Answers with how many are to be archived again. */
async function purgeDue(running: Running): Promise<number> {
  const { ctx, done, signal, tell } = running;
  let healing = 0;
  // A batch of which nothing came, such as one whose lease lapsed, is not tried for ever.
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

/** Counted once, however much was due. */
function refuse({ ctx, done }: Running, { code, message }: StoreFailure): void {
  ctx.observe.failed(code, false);
  done.storeDown = true;
  if (code === 'store_changed') done.storeChanged = message;
}
