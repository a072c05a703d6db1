import { type SlotKey, slotName } from '@phaselock/core';
import type { CacheObserver } from './cache-observer.ts';
import type { InvalidationBus } from './invalidation-bus.ts';
import type { Invalidation } from './invalidation-message.ts';
import type { LayeredSnapshots } from './layered-snapshots.ts';
import type { Found, Snapshot } from './slot-snapshots.ts';

/**
 * Snapshots of slots that are never staler than 2 s. Usually the delay is milliseconds, the time an invalidation takes
 * to arrive. If invalidations do not arrive because this server is cut off, the bus is unhealthy within 1.5 s: from
 * then on no snapshot is returned, and all are discarded before the bus is healthy again. If an invalidation does not
 * arrive because its writer cannot send it, the lifetime of a snapshot, counted from the start of its read, is the
 * bound.
 *
 * No method rejects, and callers need not await them: within this process, a call takes effect as soon as it returns.
 */
export type TrustedSnapshots<Value> = Disposable & {
  get(slot: SlotKey): Promise<Found<Value> | undefined>;
  /** Stores a snapshot that was just read from the database; `readForMs` is the time since that read began. */
  put(slot: SlotKey, snapshot: Snapshot<Value>, readForMs: number): Promise<void>;
  /**
   * Called after a commit: stores the new value if it is given, and drops older snapshots here and on all other
   * servers.
   */
  changed(invalidation: Invalidation, value?: Value): Promise<void>;
  /** The slot was found to have this version or a later one, because of another writer. */
  forget(slot: SlotKey, version: number): Promise<void>;
};

export type TrustedSnapshotsOptions<Value> = {
  readonly cache: LayeredSnapshots<Value>;
  readonly bus: InvalidationBus;
  readonly ttlMs: number;
  readonly now: () => number;
  readonly observer: CacheObserver;
};

export function createTrustedSnapshots<Value>(options: TrustedSnapshotsOptions<Value>): TrustedSnapshots<Value> {
  const { cache, bus, ttlMs, now, observer } = options;
  let resetAt = Number.NEGATIVE_INFINITY;

  const unsubscribe = bus.subscribe({
    heard({ slot, version }, origin) {
      if (origin !== bus.origin) cache.hear(slotName(slot), version);
    },
    reset() {
      resetAt = now();
      cache.clear();
    },
  });

  const put = async (slot: SlotKey, snapshot: Snapshot<Value>, readForMs: number): Promise<void> => {
    // A read that began before the reset may have been overtaken by a change whose message was missed.
    const overtaken = now() - readForMs < resetAt;
    const lifetimeMs = ttlMs - readForMs;
    if (!bus.healthy() || overtaken || lifetimeMs <= 0) return;
    await cache.put(slotName(slot), snapshot, lifetimeMs);
  };

  return {
    async get(slot) {
      if (!bus.healthy()) {
        observer.requested('trusted', 'bypassed');
        return undefined;
      }
      const found = await cache.get(slotName(slot));
      observer.requested('trusted', found === undefined ? 'miss' : 'hit');
      return found;
    },
    put,
    async changed(invalidation, value) {
      const { slot, version } = invalidation;
      const key = slotName(slot);
      // A stored newer snapshot already refuses older ones; a floor is needed only without a snapshot.
      const noted =
        value !== undefined && bus.healthy() ? cache.put(key, { version, value }, ttlMs) : cache.forget(key, version);
      await Promise.all([noted, bus.publish(invalidation)]);
    },
    forget: (slot, version) => cache.forget(slotName(slot), version),
    [Symbol.dispose]: unsubscribe,
  };
}
