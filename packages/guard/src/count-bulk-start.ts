import type { ErrorCode } from '@phaselock/core';
import type { BulkItem, BulkResult } from './bulk.ts';
import type { GuardContext } from './context.ts';
import { countStart, startNotes } from './count-start.ts';
import { cohortOfMany, cohortOfStart } from './which-cohort.ts';

/** Each item is a start, and is counted when all of them are answered, whichever way it went. */
export function countBulkStart(ctx: GuardContext, items: readonly BulkItem[], results: readonly BulkResult[]): void {
  for (const [index, request] of items.entries()) {
    const result = results[index];
    if (result === undefined) continue;
    const { outcome: answer, notes, seconds } = result;
    if (answer.kind === 'failed') ctx.telemetry.failed(answer.code, cohortOfStart(request, answer));
    countStart(ctx, { request, answer, notes, seconds });
  }
}

/** All of it ended with one error, which is the end of each item: whatever some of them had come to, their caller was told of none. */
export function countBulkRefused(ctx: GuardContext, items: readonly BulkItem[], code: ErrorCode): void {
  const answer = { kind: 'failed', code } as const;
  const cohorts = items.map((request) => cohortOfStart(request, answer));
  ctx.telemetry.failed(code, items.length === 0 ? 'none' : cohortOfMany(cohorts));
  for (const request of items) countStart(ctx, { request, answer, notes: startNotes(), seconds: 0 });
}
