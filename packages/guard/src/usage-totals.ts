import { PhaselockError } from '@phaselock/core';
import type { Usage } from '@phaselock/store';

export function demandTotals(usage: Usage): void {
  if (Object.values(usage).some((total) => !Number.isSafeInteger(total) || total < 0))
    throw new PhaselockError('invalid_request', { detail: 'usage totals must be whole numbers, 0 or more' });
}
