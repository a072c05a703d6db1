import { pausableDeadlineIn } from '@phaselock/locking';
import type { GuardContext } from './context.ts';
import { inTime } from './failures.ts';

/** The deadline of one request, shared by everything that is done before its answer begins. */
export type RequestTime = {
  /**
   * Fails at the deadline as an operation does. For waits outside the operations of the guard: reads shared by several
   * callers, and requests to other services.
   */
  bounded<T>(work: () => Promise<T>): Promise<T>;
  /** Leaves the time of this work out of the deadline, such as the arrival of the request body. */
  notCounting<T>(work: () => Promise<T>): Promise<T>;
};

/**
 * Runs all operations of a request under one deadline. Once the answer has begun, each operation has a deadline of its
 * own again.
 */
export function inOneTime<T>(
  ctx: GuardContext,
  isAnswered: () => boolean,
  work: (time: RequestTime) => Promise<T>,
): Promise<T> {
  const deadline = pausableDeadlineIn(ctx.settings.deadlineMs, ctx.now);
  const time: RequestTime = {
    bounded: (part) => inTime(deadline, part),
    notCounting: deadline.notCounting,
  };
  return ctx.time.run(deadline, () => work(time), isAnswered);
}
