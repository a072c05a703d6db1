import { PhaselockError } from '@phaselock/core';
import type { GuardContext } from './context.ts';
import { answering, isContention } from './failures.ts';
import { operationDeadline } from './operation-deadline.ts';

/** For operations that decide nothing: one deadline, and failures by the catalogue's codes. */
export const answerInTime = <T>(ctx: GuardContext, work: () => Promise<T>): Promise<T> =>
  answering(ctx, operationDeadline(ctx), 'unexpected', async () => {
    try {
      return await work();
    } catch (error) {
      // Nobody competes with these for a slot: what waited in vain is the database.
      if (!isContention(error)) throw error;
      throw new PhaselockError('backend_unavailable', {
        detail: 'the database did not answer in time',
        cause: error,
      });
    }
  });
