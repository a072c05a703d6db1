import { openGuard } from '@phaselock/guard';
import { findOrphans } from '@phaselock/store';
import type { Worker } from './open-worker.ts';

const SECONDS_A_DAY = 86_400;
const AT_A_TIME = 200;

const MANY = 100_000;

/** Counts orphans, up to MANY: old sessions that were never used, and old records of standalone executions. */
export async function countOrphans({ config, database }: Worker): Promise<number> {
  if (config.orphansAfterDays === 0) return 0;
  const olderThanSeconds = config.orphansAfterDays * SECONDS_A_DAY;
  return (await findOrphans(database.kysely, { olderThanSeconds, limit: MANY })).length;
}

/**
 * Deletes through the guard, which invalidates the session caches of all servers. Orphans are archived and purged later
 * like other deleted sessions.
 */
export async function deleteOrphans({ config, databaseUrl, database }: Worker): Promise<number> {
  if (config.orphansAfterDays === 0) return 0;
  const olderThanSeconds = config.orphansAfterDays * SECONDS_A_DAY;
  const find = () => findOrphans(database.kysely, { olderThanSeconds, limit: AT_A_TIME });
  let found = await find();
  if (found.length === 0) return 0;
  const redis = config.redisUrl === undefined ? {} : { redisUrl: config.redisUrl };
  await using guard = await openGuard({ databaseUrl, maxSize: 2, ...redis });
  let deleted = 0;
  for (let gone = 1; found.length > 0 && gone > 0; found = await find()) {
    gone = (await guard.deleteOrphans(found, { actor: 'purge-worker', olderThanSeconds })).length;
    deleted += gone;
  }
  return deleted;
}
