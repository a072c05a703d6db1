import { setTimeout as sleep } from 'node:timers/promises';

export type Pacing = {
  /** The share of the time that may be worked: 1 never rests. */
  readonly share: number;
  /** How long the last ones waited for a connection to the database. */
  readonly poolWaitMs: () => number;
  readonly now: () => number;
};

/** Spec 5: a wait beyond this is the sign of a database that has too much to do. */
const HIGH_POOL_WAIT_MS = 50;
const LONGEST_REST_MS = 10_000;

/** After each piece of work a rest in proportion to it, so that those who wait for an answer get one; longer while the database is busy. */
export function createPace({ share, poolWaitMs, now }: Pacing): (signal?: AbortSignal) => Promise<void> {
  let since = now();
  let factor = 1;
  return async (signal) => {
    factor = poolWaitMs() > HIGH_POOL_WAIT_MS ? Math.min(factor * 2, 64) : Math.max(1, factor / 2);
    const rest = Math.min(LONGEST_REST_MS, (now() - since) * (1 / share - 1) * factor);
    if (rest >= 1) await sleep(rest, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    since = now();
  };
}
