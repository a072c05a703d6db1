import type { Operation } from '../history/operation.ts';

/**
 * Finds the earliest time at which an effect may have happened. A request repeated under its idempotency key gets the
 * result of an earlier attempt, so its own time is too late.
 */
export type FirstTries = {
  note(operation: Operation): void;
  /** When the first attempt that may have had the effect was sent. */
  earliestOf(operation: Operation): number;
};

export function createFirstTries(): FirstTries {
  const first = new Map<string, number>();
  return {
    note: ({ key, outcome, at }) => {
      if (key === undefined || outcome === 'refused') return;
      first.set(key, Math.min(at, first.get(key) ?? at));
    },
    earliestOf: ({ key, at }) => (key === undefined ? at : Math.min(at, first.get(key) ?? at)),
  };
}
