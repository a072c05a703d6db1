import type { Operation } from '../history/operation.ts';

/**
 * When an effect may have been made at the earliest. An operation that is repeated under its key is answered with what an earlier try did, so
 * its own time says nothing of the effect's.
 */
export type FirstTries = {
  note(operation: Operation): void;
  /** When the first try that may have had the effect was sent. */
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
