import type { Catalogue, ModelPolicy, ProjectId, SessionId, SessionStatus, SlotKey, SlotState } from '@phaselock/core';
import type { Locking, LockStrategy } from '@phaselock/locking';
import type { Database, ServerState, Writer } from '@phaselock/store';
import type { Logger, LookupSource, Telemetry } from '@phaselock/telemetry';
import type { CallerTime } from './caller-time.ts';
import type { FreshView } from './fresh-view.ts';
import type { GuardedTasks } from './guarded-tasks.ts';
import type { KnownOwners } from './known-owners.ts';
import type { RacepointName } from './racepoints.ts';

/** Snapshots of slots, and word to everybody else when one changed. Nothing here rejects, and none of it has to be waited for. */
export type SlotSnapshots = {
  get(slot: SlotKey): Promise<FoundSnapshot | undefined>;
  /** What was just read, and how long ago that read began. */
  put(slot: SlotKey, state: SlotState, readForMs: number): void;
  /** The slot turned out to be at this version, or later, through someone else's doing. */
  forget(slot: SlotKey, version: number): void;
  /** After a commit of ours: the new state if it is known, and the version it is at. */
  changed(slot: SlotKey, change: SlotChange): void;
  /** After a commit of ours that changed no more than the status of the slot's session. Other processes see it within the lifetime of a snapshot. */
  statusChanged(slot: SlotKey, sessionId: SessionId, status: SessionStatus): void;
};

type FoundSnapshot = { readonly state: SlotState; readonly source: Exclude<LookupSource, 'database'> };

type SlotChange = {
  /** `UNKNOWN_VERSION` when it is not known whether, or to what, the slot changed. */
  readonly version: number;
  readonly state: SlotState | null;
  readonly sessionId: SessionId;
  /** The model of the session that is not the slot's any more, or was not yet; null where it is not known. */
  readonly model: string | null;
};

export type CatalogueView = {
  readonly catalogue: Catalogue;
  readonly policy: ModelPolicy;
  /** Projects that accept only models that are listed. */
  readonly strictProjects: ReadonlySet<ProjectId>;
};

export type GuardSettings = {
  /** One deadline for waiting, retrying and writing of an operation; a tenth of it, at most 500 ms, is not waited away. */
  readonly deadlineMs: number;
  /** How long a runner may be silent before its process counts as lost. */
  readonly leaseMs: number;
  readonly logBatchLimit: number;
  readonly bulkLimit: number;
};

/** Everything an operation of the guard works with; composed once, passed in. */
export type GuardContext = {
  readonly database: Database;
  readonly locking: Locking<SlotState, Writer>;
  readonly snapshots: SlotSnapshots;
  readonly catalogue: FreshView<CatalogueView>;
  readonly guardedTasks: GuardedTasks;
  readonly owners: KnownOwners;
  readonly chooseStrategy: (slot: SlotKey) => LockStrategy | Promise<LockStrategy>;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly settings: GuardSettings;
  readonly now: () => number;
  readonly time: CallerTime;
  readonly newId: () => string;
  /** Of the embedded server, where this process looks after one. */
  readonly serverState: () => ServerState;
  readonly reportStorageFull: (error: unknown) => void;
  /** Where a test may pause or kill the process; never set otherwise. */
  readonly racepoint: ((name: RacepointName) => Promise<void> | void) | undefined;
};
