import { ROUTES } from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
import { handle } from '../server/handle.ts';

/** In place of the numbers, where a scrape would meet another process each time: counters that jump are worse than none. */
export const numbersElsewhere = (where: string) => ({
  metrics: handle(ROUTES.metrics, async () => {
    throw new PhaselockError('route_not_found', {
      detail: `Several processes answer at this port, and each counts for itself: scrape ${where}.`,
    });
  }),
});
