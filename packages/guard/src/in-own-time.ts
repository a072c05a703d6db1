import { deadlineIn } from '@phaselock/locking';
import type { GuardContext } from './context.ts';
import { inTime } from './failures.ts';
import { operationDeadline } from './operation-deadline.ts';

/** For what is asked elsewhere than in the database: in what is left of the caller's time. */
export const inTimeLeft = <T>(ctx: GuardContext, work: () => Promise<T>): Promise<T> =>
  inTime(operationDeadline(ctx), work);

/** With a whole bound of its own, however little is left of the caller's time: for a look that must not fail because what went before was slow. */
export function inOwnTime<T>(ctx: GuardContext, work: () => Promise<T>): Promise<T> {
  const deadline = deadlineIn(ctx.settings.deadlineMs, ctx.now);
  return inTime(deadline, () => ctx.time.run(deadline, work));
}
