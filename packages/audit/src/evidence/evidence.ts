import type { Row } from '../check.ts';
import type { Head, SessionHead, SlotHead } from './heads.ts';
import type { AuditedState } from './seal-fits.ts';
import type { Seal } from './seal-text.ts';

/** Sealed sessions that follow each other, and the range of sessions in which no others may be. */
export type SessionRange = {
  readonly heads: readonly SessionHead[];
  /** The range begins after this session, or with the first one. */
  readonly after: SessionHead | undefined;
  /** The range ends with this session, or with the last one. */
  readonly upTo: SessionHead | undefined;
};

/** The event chains of a phaselock database, in the snapshot of the audit. */
export type Evidence = {
  /** Whether the audit computes every hash again. */
  readonly rehashes: boolean;
  state(): Promise<AuditedState>;
  /** All heads, in the order of their lines. */
  heads(): AsyncIterable<Head>;
  /** The number of events that are not chained. */
  unchained(): Promise<number>;
  /** The canonical texts of the events that a head covers, in order. */
  eventsOf(head: SessionHead): Promise<readonly string[]>;
  /** The sessions of a range that are not as sealed. */
  sessionsNotAsSealed(range: SessionRange, seal: Seal): Promise<readonly Row[]>;
  /** Those of these slots that are not as sealed. */
  slotsNotAsSealed(heads: readonly SlotHead[]): Promise<readonly Row[]>;
  /** The hash of each log line that a digest covers, in the order of sessions and lines, with its process. */
  logLines(): AsyncIterable<Row>;
};
