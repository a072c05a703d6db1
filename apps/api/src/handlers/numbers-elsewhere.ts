import { ROUTES } from '@phaselock/contract';
import { PhaselockError } from '@phaselock/core';
import { handle } from '../server/handle.ts';

/**
 * Replaces `/metrics` on a port that several processes share. Each scrape would reach another process, so the counters
 * would jump.
 */
export const numbersElsewhere = (where: string) => ({
  metrics: handle(ROUTES.metrics, async () => {
    throw new PhaselockError('route_not_found', {
      detail: `Several processes serve this port, and each has its own metrics: scrape ${where}.`,
    });
  }),
});
