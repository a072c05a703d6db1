import { openObjectStore, runSteps } from '@phaselock/archive';
import type { Database } from '@phaselock/store';
import { AT_ONCE } from '../../../packages/archive/test/at-once.ts';
import { contextAtOnce } from '../../../packages/archive/test/context-at-once.ts';

/** Archives and purges as the purge worker does, without its delays. */
export async function archiveNow(database: Database, folder: string, purgeAfterSeconds = 0): Promise<void> {
  await using store = await openObjectStore(`folder:${folder}`);
  const policy = { ...AT_ONCE, purgeAfterSeconds, batchLimit: 100 };
  await runSteps(contextAtOnce({ database, store, scratch: folder, policy, random: Math.random }));
}
