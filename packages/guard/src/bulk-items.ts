import type { ErrorCode } from '@phaselock/core';
import type { StartNotes } from './count-start.ts';
import type { StartOutcome } from './start-outcome.ts';
import type { Start } from './start-request.ts';

/** The outcome of one item. A failed item does not affect the others. */
export type BulkOutcome =
  | StartOutcome
  | { readonly kind: 'failed'; readonly code: ErrorCode; readonly text: string; readonly detail?: string };

export type BulkItem = Omit<Start, 'signal' | 'idempotencyKey' | 'handoff' | 'milestoneId'>;

/** An item, and the notes from which its metrics are counted. */
export type NotedItem = { readonly item: BulkItem; readonly notes: StartNotes };
export type BulkResult = NotedItem & { readonly outcome: BulkOutcome; readonly seconds: number };
