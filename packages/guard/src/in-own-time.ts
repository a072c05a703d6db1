import { deadlineIn } from '@phaselock/locking';
import type { GuardContext } from './context.ts';
import { inTime } from './failures.ts';
import { operationDeadline } from './operation-deadline.ts';

/** Limits work outside the database to the time that is left of the caller's deadline. */
export const inTimeLeft = <T>(ctx: GuardContext, work: () => Promise<T>): Promise<T> =>
  inTime(operationDeadline(ctx), work);

/**
 * Runs the work under a full deadline of its own, however little is left of the caller's. For a read that must not fail
 * because earlier work was slow.
 */
export function inOwnTime<T>(ctx: GuardContext, work: () => Promise<T>): Promise<T> {
  const deadline = deadlineIn(ctx.settings.deadlineMs, ctx.now);
  return inTime(deadline, () => ctx.time.run(deadline, work));
}
