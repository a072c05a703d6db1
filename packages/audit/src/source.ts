import type { ArchiveRecords } from './archive/archive-records.ts';
import type { Check, Row } from './check.ts';
import type { Evidence } from './evidence/evidence.ts';
import type { Finding, Repair } from './finding.ts';
import type { SourceTraits } from './judge-turn.ts';
import type { RuleId } from './rules.ts';

/** The requested attempt with its full ids. */
export type FoundAttempt = { readonly attemptId: string; readonly taskId: string };

/** A read-only history that the audit can query. */
export type Source = AsyncDisposable & {
  /** Place and time of the snapshot, for the report. Contains no password. */
  readonly description: string;
  /** Remarks for the reader of the report. */
  readonly notes: readonly string[];
  readonly traits: SourceTraits;
  /** The full id of the requested attempt. */
  readonly attemptId: string | undefined;
  /** The checks that this source supports. */
  readonly checks: readonly Check[];
  /** Rules that do not apply to this source, with the reason. */
  readonly notApplicable: ReadonlyMap<RuleId, string>;
  /** How many checks may run in parallel. */
  readonly lanes: number;
  /** Streams the rows of a check. */
  rows(check: Check): AsyncIterable<Row>;
  /**
   * The processes that correctly started a fresh conversation because the model changed. `optional` is `yes` if it
   * is unknown whether the model changed.
   */
  changes(): AsyncIterable<Row>;
  /** The processes of an attempt in order, with the columns that `judgeTurn` needs. */
  timeline(attemptId: string): Promise<readonly Row[]>;
  count(): Promise<Counts>;
  /** Counts the rows of the audited scope. Rejects if they cannot be counted. */
  countRead(): Promise<WhatWasRead>;
  /** The records of the archives; undefined for systems without an archive. */
  readonly archive: ArchiveRecords | undefined;
  /** The event chains; only a phaselock database has them. */
  readonly evidence?: Evidence;
  /** Finds the repair of a finding; absent for systems whose data is not ours to change. */
  repairOf?(finding: Finding): Promise<Repair>;
};

/** The rows that an audit covers. Null for a kind that the source does not store. */
export type WhatWasRead = {
  readonly sessions: number;
  readonly processes: number;
  readonly events: number | null;
  readonly archives: number | null;
};

export type Counts = {
  readonly sessions: number;
  readonly sessionsWithTasks: number;
  readonly orphaned: number;
  readonly tasks: number;
  readonly validTasks: number;
  readonly interactions: number;
};

/** The source cannot be opened or queried, so nothing is known about its history. The message is shown to the user. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
}

/** The migrations of the database are not those of this release, so nothing was audited. The message names both. */
export class OtherSchema extends Error {
  override readonly name = 'OtherSchema';
}

/** The requested attempt or task does not exist in the source. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}
