import type { MemorySnapshots } from './memory-snapshots.ts';
import type { SnapshotCache } from './slot-snapshots.ts';

export type LayeredSnapshots<Value> = SnapshotCache<Value> & {
  /** A change that arrived over the bus. Its writer has updated Redis, so only memory is updated here. */
  hear(key: string, version: number): void;
};

export type LayeredSnapshotsOptions<Value> = {
  readonly near: MemorySnapshots<Value>;
  readonly far?: SnapshotCache<Value>;
};

/**
 * Memory in front of Redis. Put and forget take effect in memory before the call returns, and in Redis once the promise
 * settles.
 */
export function createLayeredSnapshots<Value>({ near, far }: LayeredSnapshotsOptions<Value>): LayeredSnapshots<Value> {
  return {
    async get(key) {
      const held = near.get(key);
      if (held !== undefined || far === undefined) return held;
      const found = await far.get(key);
      if (found === undefined) return undefined;
      // Redis may have missed a change that memory has received.
      return near.put(key, found, found.freshForMs) === 'taken' ? found : undefined;
    },

    async put(key, snapshot, lifetimeMs) {
      const result = near.put(key, snapshot, lifetimeMs);
      if (result !== 'taken' || far === undefined) return result;
      const farther = await far.put(key, snapshot, lifetimeMs);
      // The reverse case: Redis has a change whose message has not arrived here yet.
      if (farther === 'older') near.forget(key, snapshot.version + 1);
      return farther === 'older' ? 'older' : 'taken';
    },

    async forget(key, version) {
      near.forget(key, version);
      await far?.forget(key, version);
    },

    hear: (key, version) => near.forget(key, version),

    clear() {
      near.clear();
      far?.clear();
    },
  };
}
