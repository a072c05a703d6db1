import type { Catalogue, ModelPolicy, ProjectId, SessionId, SessionStatus, SlotKey, SlotState } from '@phaselock/core';
import type { Locking, LockStrategy } from '@phaselock/locking';
import type { Database, ServerState, Writer } from '@phaselock/store';
import type { Logger, LookupSource, Telemetry } from '@phaselock/telemetry';
import type { CallerTime } from './caller-time.ts';
import type { FreshView } from './fresh-view.ts';
import type { GuardedTasks } from './guarded-tasks.ts';
import type { KnownOwners } from './known-owners.ts';
import type { RacepointName } from './racepoints.ts';

/**
 * Cached snapshots of slots, with invalidation messages to the other processes. No method rejects, and no caller has to
 * wait for a write.
 */
export type SlotSnapshots = {
  get(slot: SlotKey): Promise<FoundSnapshot | undefined>;
  /** Stores a state that was just read; `readForMs` is the time since that read began. */
  put(slot: SlotKey, state: SlotState, readForMs: number): void;
  /** Drops snapshots older than this version, because another process has changed the slot. */
  forget(slot: SlotKey, version: number): void;
  /** Called after a commit of this process, with the version of the slot and, if known, its new state. */
  changed(slot: SlotKey, change: SlotChange): void;
  /**
   * Called after a commit of this process that changed only the status of the slot's session. Other processes see the
   * new status when their snapshot expires.
   */
  statusChanged(slot: SlotKey, sessionId: SessionId, status: SessionStatus): void;
};

type FoundSnapshot = { readonly state: SlotState; readonly source: Exclude<LookupSource, 'database'> };

type SlotChange = {
  /** `UNKNOWN_VERSION` if it is not known whether the slot changed, or to which version. */
  readonly version: number;
  readonly state: SlotState | null;
  readonly sessionId: SessionId;
  /** The model of the session that left the slot, else of the one that entered it; null if unknown. */
  readonly model: string | null;
};

export type CatalogueView = {
  readonly catalogue: Catalogue;
  readonly policy: ModelPolicy;
  /** Projects that accept only models listed in the catalogue. */
  readonly strictProjects: ReadonlySet<ProjectId>;
};

export type GuardSettings = {
  /**
   * Deadline of an operation for waiting, retrying and writing. A tenth of it, at most 500 ms, is reserved for writing
   * and answering.
   */
  readonly deadlineMs: number;
  /** Time without a heartbeat after which a process counts as lost. */
  readonly leaseMs: number;
  readonly logBatchLimit: number;
  readonly bulkLimit: number;
};

/** The dependencies of every operation of the guard, created once and passed in. */
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
  /** State of the embedded server if this process supervises one; else `running`. */
  readonly serverState: () => ServerState;
  readonly reportStorageFull: (error: unknown) => void;
  /** Test hook that can pause or kill the process at a named point; undefined in production. */
  readonly racepoint: ((name: RacepointName) => Promise<void> | void) | undefined;
};
