import type { SessionId, StoreFailureCode } from '@phaselock/core';
import type { ClaimToken, Database } from '@phaselock/store';
import type { ObjectStore } from '../stores/object-store.ts';
import type { Pace } from './pacing.ts';
import type { ArchiveRacepoint } from './racepoints.ts';

export type ArchivePolicy = {
  /** The time from a session's deletion to its archiving. */
  readonly archiveAfterSeconds: number;
  /** The time from a session's deletion to its purge, if it was archived. */
  readonly purgeAfterSeconds: number;
  readonly retentionDays: number;
  /** Maximum number of sessions per claim. */
  readonly batchLimit: number;
  readonly leaseSeconds: number;
  /** Maximum number of objects being written or read at once. */
  readonly writesAtATime: number;
};

/** All dependencies of the steps. */
export type ArchiveContext = {
  readonly database: Database;
  readonly store: ObjectStore;
  readonly policy: ArchivePolicy;
  /** Folder for documents that are too large to build in memory. */
  readonly scratch: string;
  readonly observe: ArchiveObserver;
  readonly newToken: () => ClaimToken;
  readonly random: () => number;
  /**
   * The worker's own clock, in milliseconds since 1970. It is compared with the database clock before objects are
   * removed, because removal is final.
   */
  readonly unixMs: () => number;
  /** Waits to limit the load on the machine, or until the signal aborts. */
  readonly pace: Pace;
  /** Lets a test pause or kill the process; unset in production. */
  readonly racepoint: ((name: ArchiveRacepoint) => Promise<void> | void) | undefined;
};

/** An object that was missing, damaged or unreadable when it was checked before the purge of its session. */
export type DistrustedObject = {
  readonly sessionId: SessionId;
  readonly objectKey: string;
  readonly code: StoreFailureCode | 'unexpected';
  readonly message: string;
  /** True if the session is now a dead letter; otherwise it is archived again. */
  readonly dead: boolean;
};

/** Receives progress events of the steps. */
export type ArchiveObserver = {
  archived(sessions: number, bytes: number): void;
  /** Archiving failed; it will be retried, or `dead` if it is now a dead letter. */
  failed(code: StoreFailureCode | 'unexpected', dead: boolean): void;
  /** These sessions changed in the meantime, so they count as not yet archived. */
  changed(sessions: number): void;
  /**
   * An object differed from its record while its session was still in the database: it is archived again, or is a dead
   * letter.
   */
  distrusted(found: DistrustedObject): void;
  purged(sessions: number): void;
  removed(objects: number): void;
  batch(sessions: number): void;
};
