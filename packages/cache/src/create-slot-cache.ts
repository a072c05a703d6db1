import { type CacheLog, type CacheObserver, unlogged, unobserved } from './cache-observer.ts';
import type { InvalidationBus } from './invalidation-bus.ts';
import { createLayeredSnapshots } from './layered-snapshots.ts';
import { createMemorySnapshots } from './memory-snapshots.ts';
import { createRedisSnapshots, type RedisForSnapshots, type SnapshotCodec } from './redis-snapshots.ts';
import { SNAPSHOT_TTL_MS } from './slot-snapshots.ts';
import { createTrustedSnapshots, type TrustedSnapshots } from './trusted-snapshots.ts';

export type SlotCacheOptions<Value> = {
  readonly bus: InvalidationBus;
  /** Shared by all servers. Without it, each server has only its own memory. */
  readonly redis?: {
    readonly client: RedisForSnapshots;
    readonly codec: SnapshotCodec<Value>;
    readonly prefix?: string;
  };
  readonly observer?: CacheObserver;
  readonly log?: CacheLog;
  readonly now?: () => number;
  readonly ttlMs?: number;
  readonly maxEntries?: number;
};

/**
 * Combines memory, optional Redis, and the bus that determines whether they can be trusted. The caller closes the bus
 * and the client.
 */
export function createSlotCache<Value>(options: SlotCacheOptions<Value>): TrustedSnapshots<Value> {
  const { bus, redis, observer = unobserved(), log = unlogged(), now = () => performance.now() } = options;
  const { ttlMs = SNAPSHOT_TTL_MS, maxEntries } = options;
  const near = createMemorySnapshots<Value>({ ttlMs, now, observer, ...(maxEntries !== undefined && { maxEntries }) });
  const far = redis && createRedisSnapshots({ ttlMs, now, observer, log, ...redis, redis: redis.client });
  const cache = createLayeredSnapshots({ near, ...(far && { far }) });
  return createTrustedSnapshots({ cache, bus, ttlMs, now, observer });
}
