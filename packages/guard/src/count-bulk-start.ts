import type { ErrorCode } from '@phaselock/core';
import type { BulkResult, NotedItem } from './bulk.ts';
import type { GuardContext } from './context.ts';
import { countStart } from './count-start.ts';
import { cohortOfMany, cohortOfStart } from './which-cohort.ts';

/** Each item is a start, and is counted when all of them are answered, whichever way it went. */
export function countBulkStart(ctx: GuardContext, results: readonly BulkResult[]): void {
  for (const { item: request, outcome: answer, notes, seconds } of results) {
    if (answer.kind === 'failed') ctx.telemetry.failed(answer.code, cohortOfStart(notes, answer));
    countStart(ctx, { request, answer, notes, seconds });
  }
}

/** All of it ended with one error, which is the end of each item: whatever some of them had come to, their caller was told of none. */
export function countBulkRefused(ctx: GuardContext, items: readonly NotedItem[], code: ErrorCode): void {
  const answer = { kind: 'failed', code } as const;
  const cohorts = items.map(({ notes }) => cohortOfStart(notes, answer));
  ctx.telemetry.failed(code, items.length === 0 ? 'none' : cohortOfMany(cohorts));
  for (const { item: request, notes } of items) countStart(ctx, { request, answer, notes, seconds: 0 });
}
