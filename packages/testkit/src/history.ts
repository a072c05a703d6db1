import type { Generation, ProcessId, SessionId } from '@phaselock/core';

type HistorySession = { readonly id: SessionId; readonly generation: Generation };

/** What an accepted write left behind, for whoever wants it found again. */
type Kept =
  | { readonly kind: 'line'; readonly line: string }
  /** A process began, or its lease was renewed, until this moment of the database's clock, in milliseconds. */
  | { readonly kind: 'lease'; readonly processId: ProcessId; readonly until: number };

/** What an answered operation did, as far as it matters to others. */
export type Effect =
  /** A session was born in the slot; the predecessor, if any, left it. */
  | { readonly kind: 'birth'; readonly session: HistorySession; readonly predecessor: SessionId | null }
  /** A write under a session was accepted: a log line, a turn, a renewed lease. */
  | { readonly kind: 'write'; readonly session: HistorySession; readonly kept?: Kept }
  /** A session was deleted. */
  | { readonly kind: 'departure'; readonly sessionId: SessionId }
  /** It was answered, and nothing was written. */
  | { readonly kind: 'none' };

/** Times are of one monotonic clock for every process of the machine. Without an answer nobody knows what an operation did. */
export type RecordedOperation = {
  readonly client: string;
  readonly slot: string;
  readonly what: string;
  readonly invokedAt: number;
  readonly answered: { readonly at: number; readonly effects: readonly Effect[] } | null;
};

export type Violation = { readonly rule: string; readonly slot: string; readonly what: string };

/** Microseconds of CLOCK_MONOTONIC, which all processes share. */
export const monotonicMicros = (): number => Number(process.hrtime.bigint() / 1_000n);
