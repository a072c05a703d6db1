import type { Generation, ProcessId, SessionId } from '@phaselock/core';

type HistorySession = { readonly id: SessionId; readonly generation: Generation };

/** The row that an accepted write left in the database, so that the checker can look for it. */
type Kept =
  | { readonly kind: 'line'; readonly line: string }
  /** A process began, or its lease was renewed, until this time of the database's clock, in milliseconds. */
  | { readonly kind: 'lease'; readonly processId: ProcessId; readonly until: number };

/** An effect of an answered operation that the rules check. */
export type Effect =
  /** A session was created in the slot; it replaced the predecessor, if there was one. */
  | { readonly kind: 'birth'; readonly session: HistorySession; readonly predecessor: SessionId | null }
  /** A write under a session was accepted: a log line, a turn, a renewed lease. */
  | { readonly kind: 'write'; readonly session: HistorySession; readonly kept?: Kept }
  /** A session was deleted. */
  | { readonly kind: 'departure'; readonly sessionId: SessionId }
  /** The operation was answered and wrote nothing. */
  | { readonly kind: 'none' };

/**
 * Times come from the monotonic clock, which all processes of the machine share. An operation without an answer may
 * have taken effect or not.
 */
export type RecordedOperation = {
  readonly client: string;
  readonly slot: string;
  readonly what: string;
  readonly invokedAt: number;
  readonly answered: { readonly at: number; readonly effects: readonly Effect[] } | null;
};

export type Violation = { readonly rule: string; readonly slot: string; readonly what: string };

/** Microseconds of CLOCK_MONOTONIC, which all processes of the machine share. */
export const monotonicMicros = (): number => Number(process.hrtime.bigint() / 1_000n);
