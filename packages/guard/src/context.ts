import type { Catalogue, ModelPolicy, SessionId, SlotKey, SlotState } from '@phaselock/core';
import type { Locking, LockStrategy } from '@phaselock/locking';
import type { Database, Writer } from '@phaselock/store';
import type { Logger, Telemetry } from '@phaselock/telemetry';
import type { RacepointName } from './racepoints.ts';

/** Snapshots of slots, and word to everybody else when one changed. Nothing here throws or waits longer than a moment. */
export type SlotSnapshots = {
  get(slot: SlotKey): Promise<SlotState | undefined>;
  put(slot: SlotKey, state: SlotState): void;
  /** After commit. Without a state the slot is only forgotten, here and elsewhere. */
  changed(slot: SlotKey, change: SlotChange): void;
};

export type SlotChange = { readonly version: number; readonly state: SlotState | null; readonly model: string | null; readonly sessionId: SessionId };

export type CatalogueView = { readonly catalogue: Catalogue; readonly policy: ModelPolicy };

export type GuardSettings = {
  /** One deadline for waiting, retrying and writing of an operation. */
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
  readonly catalogue: { view(): Promise<CatalogueView>; forget(): void };
  readonly chooseStrategy: (slot: SlotKey) => LockStrategy | Promise<LockStrategy>;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
  readonly settings: GuardSettings;
  readonly now: () => number;
  readonly newId: () => string;
  /** Where a test may pause or kill the process; never set otherwise. */
  readonly racepoint: ((name: RacepointName) => Promise<void> | void) | undefined;
};
