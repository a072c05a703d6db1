import { beginLeftovers, beginRemovals, finishLeftovers, finishRemovals, removalsDue } from '@phaselock/store';
import { knownStore } from '../identity/known-store.ts';
import type { ArchiveContext } from './archive-context.ts';
import { inParallel } from './in-parallel.ts';

const REMOVE_CHUNK = 100;
const REMOVALS_AT_A_TIME = 8;

/**
 * Removes expired objects and objects that never became part of an archive. If it is interrupted, the next run removes
 * the rest. A removal is recorded only if the store is still the known store afterwards: in another store, removing
 * these keys would succeed without removing anything.
 */
export async function removeExpired(ctx: ArchiveContext): Promise<number> {
  const { database, observe, racepoint } = ctx;
  if (!(await removalsDue(database.kysely))) return 0;
  const { id } = await knownStore(ctx);
  const expired = await beginRemovals(database, id, { limit: REMOVE_CHUNK, workerMs: ctx.unixMs() });
  const leftovers = await beginLeftovers(database, id, REMOVE_CHUNK);
  const keys = [...expired.map(({ objectKey }) => objectKey), ...leftovers];
  if (keys.length === 0) return 0;
  await racepoint?.('removal-begun');
  await inParallel(keys, REMOVALS_AT_A_TIME, (key) => ctx.store.remove(key));
  await racepoint?.('removed');
  if ((await knownStore(ctx)).id !== id) return 0;
  if (expired.length > 0)
    await finishRemovals(
      database.kysely,
      expired.map(({ sessionId }) => sessionId),
    );
  if (leftovers.length > 0) await finishLeftovers(database.kysely, leftovers);
  observe.removed(keys.length);
  return keys.length;
}
