import { deadlineIn } from '@phaselock/locking';
import type { GuardContext } from './context.ts';
import { answering } from './failures.ts';

/** For operations that decide nothing: one deadline, and failures by the catalogue's codes. */
export const answerInTime = <T>(ctx: GuardContext, work: () => Promise<T>): Promise<T> =>
  answering(ctx, deadlineIn(ctx.settings.deadlineMs, ctx.now), 'unexpected', work);
