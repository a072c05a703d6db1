import { randomUUID } from 'node:crypto';
import type { ArchiveContext } from '../src/steps/archive-context.ts';
import { AT_ONCE } from './at-once.ts';

const ignored = (): void => undefined;

type Given = Pick<ArchiveContext, 'database' | 'store' | 'scratch'> & Partial<ArchiveContext>;

/** The context of a worker without delays, which nothing observes. `given` may replace any part of it. */
export const contextAtOnce = (given: Given): ArchiveContext => ({
  policy: AT_ONCE,
  observe: {
    archived: ignored,
    failed: ignored,
    changed: ignored,
    distrusted: ignored,
    purged: ignored,
    removed: ignored,
    batch: ignored,
  },
  newToken: randomUUID,
  unixMs: Date.now,
  random: () => 0,
  pace: async () => {},
  racepoint: undefined,
  ...given,
});
