import { PhaselockError } from '@phaselock/core';
import type { GuardContext } from './context.ts';
import { answering, isContention } from './failures.ts';
import { operationDeadline } from './operation-deadline.ts';

/** Runs an operation that does not compete for a slot, under one deadline, and maps its failures to error codes. */
export const answerInTime = <T>(ctx: GuardContext, work: () => Promise<T>): Promise<T> =>
  answering(ctx, operationDeadline(ctx), 'unexpected', async () => {
    try {
      return await work();
    } catch (error) {
      // These operations do not compete for a slot, so a contention error means that the database was too slow.
      if (!isContention(error)) throw error;
      throw new PhaselockError('backend_unavailable', {
        detail: 'the database did not answer in time',
        cause: error,
      });
    }
  });
