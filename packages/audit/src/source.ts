import type { Check, Row } from './check.ts';
import type { SourceTraits } from './judge-turn.ts';
import type { RuleId } from './rules.ts';

/** The attempt somebody asked for, as the source knows it. */
export type FoundAttempt = { readonly attemptId: string; readonly taskId: string };

/** A history that can be asked, read-only. */
export type Source = AsyncDisposable & {
  /** Where it is and as of when, for the report. Holds no password. */
  readonly description: string;
  /** What a reader of the report has to know about it. */
  readonly notes: readonly string[];
  readonly traits: SourceTraits;
  /** The attempt that was asked for, by its whole id. */
  readonly attemptId: string | undefined;
  /** What can be asked of it. */
  readonly checks: readonly Check[];
  /** Rules it cannot break, with the reason. */
  readonly notApplicable: ReadonlyMap<RuleId, string>;
  /** How many checks may be asked at once. */
  readonly lanes: number;
  /** Row by row, however many there are. */
  rows(check: Check): AsyncIterable<Row>;
  /** The processes that began afresh because their model is another one, as they should; `optional` where that is only possible. */
  changes(): AsyncIterable<Row>;
  /** The processes of an attempt in order, each with what it is judged by. */
  timeline(attemptId: string): Promise<readonly Row[]>;
  count(): Promise<Counts>;
  /** A page of what should be in the archive's store, behind the given id; empty at the end, and where there is no archive. */
  archives(after: string | null): Promise<readonly Row[]>;
  /** The store it keeps its archives in, by its marker; undefined where there is none yet, and where there is no archive. */
  archiveStore(): Promise<Row | undefined>;
};

export type Counts = {
  readonly sessions: number;
  readonly sessionsWithTasks: number;
  readonly orphaned: number;
  readonly tasks: number;
  readonly validTasks: number;
  readonly interactions: number;
};

/** The source could not be opened or asked: the audit says nothing about its history. The message is for the user. */
export class SourceFailure extends Error {
  override readonly name = 'SourceFailure';
}

/** What was asked for is not in the source. */
export class NotFound extends Error {
  override readonly name = 'NotFound';
}
