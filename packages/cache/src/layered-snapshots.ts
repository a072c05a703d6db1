import type { MemorySnapshots } from './memory-snapshots.ts';
import type { SnapshotCache } from './slot-snapshots.ts';

export type LayeredSnapshots<Value> = SnapshotCache<Value> & {
  /** Word of a change that came over the bus. Its writer told Redis; here only the memory needs to know. */
  hear(key: string, version: number): void;
};

export type LayeredSnapshotsOptions<Value> = {
  readonly near: MemorySnapshots<Value>;
  readonly far?: SnapshotCache<Value>;
};

/** Memory in front of Redis. What is put or forgotten holds in memory before the call returns, and in Redis once it is settled. */
export function createLayeredSnapshots<Value>({ near, far }: LayeredSnapshotsOptions<Value>): LayeredSnapshots<Value> {
  return {
    async get(key) {
      const held = near.get(key);
      if (held !== undefined || far === undefined) return held;
      const found = await far.get(key);
      if (found === undefined) return undefined;
      // Redis may have missed a change that the memory has heard of.
      return near.put(key, found, found.freshForMs) === 'taken' ? found : undefined;
    },

    async put(key, snapshot, lifetimeMs) {
      const result = near.put(key, snapshot, lifetimeMs);
      if (result !== 'taken' || far === undefined) return result;
      const farther = await far.put(key, snapshot, lifetimeMs);
      // The other way round: Redis has heard of a change whose word is still on its way here.
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
