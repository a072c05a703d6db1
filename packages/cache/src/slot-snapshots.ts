/** The state of a slot at a version of its row. Versions only increase, so snapshots of a slot can be ordered. */
export type Snapshot<Value> = { readonly version: number; readonly value: Value };

export type SnapshotSource = 'memory' | 'redis';

export type Found<Value> = Snapshot<Value> & {
  readonly source: SnapshotSource;
  /** How long the snapshot may still be used; a copy must not live longer. */
  readonly freshForMs: number;
};

/** `older`: a newer version is known. `failed`: the outcome is unknown. */
export type PutResult = 'taken' | 'older' | 'failed';

/**
 * Snapshots by slot name. A newer snapshot is never overwritten, and a snapshot below the last forgotten version is
 * refused: a reader that was slow between its read and its put must not restore a state that was invalidated meanwhile.
 * No method rejects.
 */
export type SnapshotCache<Value> = {
  get(key: string): Promise<Found<Value> | undefined>;
  put(key: string, snapshot: Snapshot<Value>, lifetimeMs: number): Promise<PutResult>;
  /**
   * The slot is known to have this version. 0: it changed to an unknown version; then every snapshot is refused for a
   * while.
   */
  forget(key: string, version: number): Promise<void>;
  clear(): void;
};

/**
 * The maximum age of a snapshot, counted from the start of its read, across all layers. It bounds how long a change can
 * stay unseen if its writer reached the database, but not the bus or Redis.
 */
export const SNAPSHOT_TTL_MS = 2_000;

/**
 * How long a floor (the lowest accepted version of a slot) is kept. A state read before a change expires one lifetime
 * after it; twice that time also covers calls in progress.
 */
export const floorMs = (ttlMs: number): number => 2 * ttlMs;

export const UNKNOWN_VERSION = 0;
