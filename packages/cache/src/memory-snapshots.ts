import type { CacheObserver } from './cache-observer.ts';
import { type Found, floorMs, type PutResult, type Snapshot, UNKNOWN_VERSION } from './slot-snapshots.ts';

/** Like `SnapshotCache`, but synchronous: each call takes effect before it returns. */
export type MemorySnapshots<Value> = {
  get(key: string): Found<Value> | undefined;
  put(key: string, snapshot: Snapshot<Value>, lifetimeMs: number): PutResult;
  forget(key: string, version: number): void;
  clear(): void;
};

export type MemorySnapshotsOptions = {
  readonly ttlMs: number;
  readonly now: () => number;
  readonly observer: CacheObserver;
  readonly maxEntries?: number;
};

type Entry<Value> = {
  readonly snapshot: Snapshot<Value> | undefined;
  readonly freshUntil: number;
  /** Lower versions are refused until `floorUntil`. */
  readonly floor: number;
  readonly floorUntil: number;
};

/** A bounded LRU cache; the Map keeps the order of use. Values are held by reference and must not be changed. */
export function createMemorySnapshots<Value>(options: MemorySnapshotsOptions): MemorySnapshots<Value> {
  const { ttlMs, now, observer, maxEntries = 10_000 } = options;
  const entries = new Map<string, Entry<Value>>();
  // An evicted floor stays in force: until it would have expired, slots without an entry accept no snapshot.
  let closedUntil = Number.NEGATIVE_INFINITY;

  const set = (key: string, entry: Entry<Value>): void => {
    entries.delete(key);
    entries.set(key, entry);
    if (entries.size <= maxEntries) return;
    for (const [oldest, { floorUntil }] of entries) {
      entries.delete(oldest);
      closedUntil = Math.max(closedUntil, floorUntil);
      return;
    }
  };

  const floorOf = (entry: Entry<Value> | undefined): number => {
    if (entry === undefined) return now() < closedUntil ? Number.POSITIVE_INFINITY : 0;
    return now() < entry.floorUntil ? entry.floor : 0;
  };

  return {
    get(key) {
      const entry = entries.get(key);
      const freshForMs = entry === undefined ? 0 : entry.freshUntil - now();
      if (entry?.snapshot === undefined || freshForMs <= 0) {
        observer.requested('memory', 'miss');
        return undefined;
      }
      set(key, entry);
      observer.requested('memory', 'hit');
      return { ...entry.snapshot, source: 'memory', freshForMs };
    },

    put(key, snapshot, lifetimeMs) {
      const entry = entries.get(key);
      if (snapshot.version < floorOf(entry)) return 'older';
      const held = entry !== undefined && now() < entry.freshUntil ? entry.snapshot : undefined;
      if (held !== undefined && held.version > snapshot.version) return 'older';
      const freshUntil = now() + Math.min(lifetimeMs, ttlMs);
      set(key, { floor: 0, floorUntil: Number.NEGATIVE_INFINITY, ...entry, snapshot, freshUntil });
      return 'taken';
    },

    forget(key, version) {
      const entry = entries.get(key);
      const told = version === UNKNOWN_VERSION ? Number.POSITIVE_INFINITY : version;
      const floor = Math.max(told, entry === undefined ? 0 : floorOf(entry));
      const kept = entry?.snapshot !== undefined && entry.snapshot.version >= floor ? entry.snapshot : undefined;
      const freshUntil = entry?.freshUntil ?? Number.NEGATIVE_INFINITY;
      set(key, { snapshot: kept, freshUntil, floor, floorUntil: now() + floorMs(ttlMs) });
    },

    clear() {
      entries.clear();
      closedUntil = Number.NEGATIVE_INFINITY;
    },
  };
}
