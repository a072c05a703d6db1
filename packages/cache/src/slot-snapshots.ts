/** A slot as it was at a version of its row. Versions only grow, so of two snapshots one is newer. */
export type Snapshot<Value> = { readonly version: number; readonly value: Value };

export type SnapshotSource = 'memory' | 'redis';

export type Found<Value> = Snapshot<Value> & {
  readonly source: SnapshotSource;
  /** How long it may still be used: copies of it must not live longer. */
  readonly freshForMs: number;
};

/** `older`: something newer is known. `failed`: nobody can tell. */
export type PutResult = 'taken' | 'older' | 'failed';

/**
 * Snapshots by slot name. A newer one is never overwritten, and one that is older than what was forgotten is not taken in: a reader that was
 * slow between its read and its put must not bring back what an invalidation has removed in between. Nothing here rejects.
 */
export type SnapshotCache<Value> = {
  get(key: string): Promise<Found<Value> | undefined>;
  put(key: string, snapshot: Snapshot<Value>, lifetimeMs: number): Promise<PutResult>;
  /** The slot is known to be at this version. 0: it changed, and nobody knows to what; then nothing is taken in for a while. */
  forget(key: string, version: number): Promise<void>;
  clear(): void;
};

/**
 * No snapshot is used longer than this after its read began, whatever layers it went through. It bounds how long a change can stay unseen
 * when its writer reached the database but neither the bus nor Redis.
 */
export const SNAPSHOT_TTL_MS = 2_000;

/**
 * How long it is remembered that older versions are refused. What was read before a change is gone one lifetime after it, so twice that
 * covers calls under way.
 */
export const floorMs = (ttlMs: number): number => 2 * ttlMs;

export const UNKNOWN_VERSION = 0;
