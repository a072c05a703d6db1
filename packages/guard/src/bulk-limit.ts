import { PhaselockError } from '@phaselock/core';
import type { GuardContext } from './context.ts';

export function refuseTooMany({ settings }: GuardContext, count: number): void {
  if (count > settings.bulkLimit)
    throw new PhaselockError('invalid_request', { detail: `at most ${settings.bulkLimit} items at once` });
}
