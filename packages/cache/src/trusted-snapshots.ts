import { type SlotKey, slotName } from '@phaselock/core';
import type { CacheObserver } from './cache-observer.ts';
import type { InvalidationBus } from './invalidation-bus.ts';
import type { Invalidation } from './invalidation-message.ts';
import type { LayeredSnapshots } from './layered-snapshots.ts';
import type { Found, Snapshot } from './slot-snapshots.ts';

/**
 * Snapshots of slots that are never staler than 2 s. Usually it is milliseconds: the time word of a change takes to arrive. When it does not
 * arrive because this server hears nothing, the bus is unhealthy within 1.5 s, nothing is served from then on, and all of it is forgotten
 * before something is again. When it does not arrive because its writer cannot send, the lifetime of a snapshot, counted from the start of
 * its read, is the bound.
 *
 * Nothing here rejects, and none of it has to be waited for: in this process it holds as soon as the call returns.
 */
export type TrustedSnapshots<Value> = Disposable & {
  get(slot: SlotKey): Promise<Found<Value> | undefined>;
  /** What was just read from the database, and how long ago that read began. */
  put(slot: SlotKey, snapshot: Snapshot<Value>, readForMs: number): Promise<void>;
  /** After a commit: keeps the new value if there is one, forgets what is older, here and everywhere. */
  changed(invalidation: Invalidation, value?: Value): Promise<void>;
  /** The slot turned out to be at this version, or later, through someone else's doing. */
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
    // A read from before the reset can have been overtaken by a change whose word was missed.
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
      // A newer snapshot refuses older ones by itself; only where there is none does the floor have to.
      const noted =
        value !== undefined && bus.healthy() ? cache.put(key, { version, value }, ttlMs) : cache.forget(key, version);
      await Promise.all([noted, bus.publish(invalidation)]);
    },
    forget: (slot, version) => cache.forget(slotName(slot), version),
    [Symbol.dispose]: unsubscribe,
  };
}
