import { type CacheLog, type CacheObserver, unlogged, unobserved } from './cache-observer.ts';
import type { InvalidationBus } from './invalidation-bus.ts';
import { createLayeredSnapshots } from './layered-snapshots.ts';
import { createMemorySnapshots } from './memory-snapshots.ts';
import { createRedisSnapshots, type RedisForSnapshots, type SnapshotCodec } from './redis-snapshots.ts';
import { SNAPSHOT_TTL_MS } from './slot-snapshots.ts';
import { createTrustedSnapshots, type TrustedSnapshots } from './trusted-snapshots.ts';

export type SlotCacheOptions<Value> = {
  readonly bus: InvalidationBus;
  /** Shared by all servers. Without it each has its memory only. */
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

/** Memory, Redis if there is one, and the bus that says how far they can be trusted. Bus and client stay their owners' to close. */
export function createSlotCache<Value>(options: SlotCacheOptions<Value>): TrustedSnapshots<Value> {
  const { bus, redis, observer = unobserved(), log = unlogged(), now = () => performance.now() } = options;
  const { ttlMs = SNAPSHOT_TTL_MS, maxEntries } = options;
  const near = createMemorySnapshots<Value>({ ttlMs, now, observer, ...(maxEntries !== undefined && { maxEntries }) });
  const far = redis && createRedisSnapshots({ ttlMs, now, observer, log, ...redis, redis: redis.client });
  const cache = createLayeredSnapshots({ near, ...(far && { far }) });
  return createTrustedSnapshots({ cache, bus, ttlMs, now, observer });
}
