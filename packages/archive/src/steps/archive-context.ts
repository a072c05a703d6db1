import type { SessionId, StoreFailureCode } from '@phaselock/core';
import type { ClaimToken, Database } from '@phaselock/store';
import type { ObjectStore } from '../stores/object-store.ts';
import type { Pace } from './pacing.ts';
import type { ArchiveRacepoint } from './racepoints.ts';

export type ArchivePolicy = {
  /** How long after its deletion a session is archived. */
  readonly archiveAfterSeconds: number;
  /** And how long after it is purged, if it was archived. */
  readonly purgeAfterSeconds: number;
  readonly retentionDays: number;
  /** Sessions one claim takes at the most. */
  readonly batchLimit: number;
  readonly leaseSeconds: number;
  /** Objects that are on their way to the store, or back, at once. */
  readonly writesAtATime: number;
};

/** Everything the steps work with; composed once, passed in. */
export type ArchiveContext = {
  readonly database: Database;
  readonly store: ObjectStore;
  readonly policy: ArchivePolicy;
  /** Where a document that is too large for the memory is put together. */
  readonly scratch: string;
  readonly observe: ArchiveObserver;
  readonly newToken: () => ClaimToken;
  readonly random: () => number;
  /** The worker's own clock, in milliseconds since 1970: no object is removed for good by the database's alone. */
  readonly unixMs: () => number;
  /** Waits as long as others need the machine more, or until it is told to stop. */
  readonly pace: Pace;
  /** Where a test may pause or kill the process; never set otherwise. */
  readonly racepoint: ((name: ArchiveRacepoint) => Promise<void> | void) | undefined;
};

export type DistrustedObject = {
  readonly sessionId: SessionId;
  readonly objectKey: string;
  readonly code: StoreFailureCode | 'unexpected';
  readonly message: string;
  readonly dead: boolean;
};

/** What is told of the work while it goes on. */
export type ArchiveObserver = {
  archived(sessions: number, bytes: number): void;
  /** It went wrong, and will be tried again, or is dead. */
  failed(code: StoreFailureCode | 'unexpected', dead: boolean): void;
  /** Its session changed meanwhile, so it counts as not yet archived. */
  changed(sessions: number): void;
  /** An object was not what its archive says, while its session was still here: it is archived again, or dead. */
  distrusted(found: DistrustedObject): void;
  purged(sessions: number): void;
  removed(objects: number): void;
  batch(sessions: number): void;
};
