import type { ServerResponse } from 'node:http';

/**
 * Counts the requests of each caller until their responses are closed, because load shedding refuses a caller that
 * fills the queue for the database.
 */
export type InFlight = { of(callerId: string): number; add(callerId: string, response: ServerResponse): void };

export function countInFlight(): InFlight {
  const counts = new Map<string, number>();
  const of = (callerId: string): number => counts.get(callerId) ?? 0;
  return {
    of,
    add(callerId, response) {
      if (response.destroyed) return;
      counts.set(callerId, of(callerId) + 1);
      response.once('close', () => {
        const left = of(callerId) - 1;
        if (left === 0) counts.delete(callerId);
        else counts.set(callerId, left);
      });
    },
  };
}
