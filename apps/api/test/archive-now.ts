import { randomUUID } from 'node:crypto';
import { openObjectStore, runSteps } from '@phaselock/archive';
import type { Database } from '@phaselock/store';

const ignored = (): void => undefined;

/** Archives and purges as the purge worker does, without its delays. */
export async function archiveNow(database: Database, folder: string, purgeAfterSeconds = 0): Promise<void> {
  await using store = await openObjectStore(`folder:${folder}`);
  await runSteps({
    database,
    store,
    policy: {
      archiveAfterSeconds: 0,
      purgeAfterSeconds,
      retentionDays: 365,
      batchLimit: 100,
      leaseSeconds: 60,
      writesAtATime: 8,
    },
    scratch: folder,
    observe: {
      archived: ignored,
      failed: ignored,
      changed: ignored,
      distrusted: ignored,
      purged: ignored,
      removed: ignored,
      batch: ignored,
    },
    newToken: randomUUID,
    unixMs: Date.now,
    random: Math.random,
    pace: async () => {},
    racepoint: undefined,
  });
}
