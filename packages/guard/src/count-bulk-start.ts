import type { ErrorCode } from '@phaselock/core';
import type { BulkResult, NotedItem } from './bulk-items.ts';
import type { GuardContext } from './context.ts';
import { countStart } from './count-start.ts';
import { cohortOfMany, cohortOfStart } from './which-cohort.ts';

/** Counts each item as one start, whatever its outcome, when the whole call is answered. */
export function countBulkStart(ctx: GuardContext, results: readonly BulkResult[]): void {
  for (const { item: request, outcome: answer, notes, seconds } of results) {
    if (answer.kind === 'failed') ctx.telemetry.failed(answer.code, cohortOfStart(notes, answer));
    countStart(ctx, { request, answer, notes, seconds });
  }
}

/**
 * Counts every item as failed when the whole call ends with one error, because the caller gets no outcome of any item.
 */
export function countBulkRefused(ctx: GuardContext, items: readonly NotedItem[], code: ErrorCode): void {
  const answer = { kind: 'failed', code } as const;
  const cohorts = items.map(({ notes }) => cohortOfStart(notes, answer));
  ctx.telemetry.failed(code, items.length === 0 ? 'none' : cohortOfMany(cohorts));
  for (const { item: request, notes } of items) countStart(ctx, { request, answer, notes, seconds: 0 });
}
