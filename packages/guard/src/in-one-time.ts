import { pausableDeadlineIn } from '@phaselock/locking';
import type { GuardContext } from './context.ts';
import { inTime } from './failures.ts';

/** The one deadline of a request, for all that is done before its answer begins. */
export type RequestTime = {
  /** Fails as an operation does when the time is over: for what waits for something that is asked for several callers at once, or elsewhere. */
  bounded<T>(work: () => Promise<T>): Promise<T>;
  /** The caller takes its time: until its body has arrived. */
  notCounting<T>(work: () => Promise<T>): Promise<T>;
};

/** Every operation within is answered by one deadline, however many there are. After the answer has begun each has its own again. */
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
