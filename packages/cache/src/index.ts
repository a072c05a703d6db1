export type { BusOptions } from './bus-options.ts';
export { type CacheLog, type CacheObserver, unlogged, unobserved } from './cache-observer.ts';
export { createSlotCache, type SlotCacheOptions } from './create-slot-cache.ts';
export type { InvalidationBus, InvalidationListener } from './invalidation-bus.ts';
export type { Invalidation } from './invalidation-message.ts';
export { createLayeredSnapshots, type LayeredSnapshots, type LayeredSnapshotsOptions } from './layered-snapshots.ts';
export { createMemoryChannel, type MemoryChannel } from './memory-bus.ts';
export { createMemorySnapshots, type MemorySnapshots, type MemorySnapshotsOptions } from './memory-snapshots.ts';
export { createPostgresBus, type PostgresBusOptions } from './postgres-bus.ts';
export type { PostgresConnection } from './postgres-link.ts';
export { createRedisBus, type RedisBusOptions, type RedisPublisher, type RedisSubscriber } from './redis-bus.ts';
export {
  createRedisSnapshots,
  type RedisForSnapshots,
  type RedisSnapshotsOptions,
  type SnapshotCodec,
} from './redis-snapshots.ts';
export type { Sleep } from './retry-with-backoff.ts';
export {
  type Found,
  type PutResult,
  SNAPSHOT_TTL_MS,
  type Snapshot,
  type SnapshotCache,
  type SnapshotSource,
  UNKNOWN_VERSION,
} from './slot-snapshots.ts';
export { slotStateCodec } from './slot-state-codec.ts';
export { createTrustedSnapshots, type TrustedSnapshots, type TrustedSnapshotsOptions } from './trusted-snapshots.ts';
