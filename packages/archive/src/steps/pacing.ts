import { setTimeout as sleep } from 'node:timers/promises';

/** The work done since the last pause. */
type Work = { readonly sessions: number; readonly bytes: number };
export type Pace = (work: Work, signal?: AbortSignal) => Promise<void>;

export type Pacing = {
  /** Limits per second; 0 means no limit. */
  readonly sessionsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly poolWaitMs: () => number;
  readonly now: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
};

/** Spec 5: a longer wait for a pooled connection indicates an overloaded database. */
const HIGH_POOL_WAIT_MS = 50;
const MOST_SLOWED = 64;
const LONGEST_REST_MS = 30_000;
const MS_A_SECOND = 1_000;

/**
 * Limits the rate of sessions and bytes to leave capacity for API requests. The rate is halved each time the wait for a
 * connection is too long.
 */
export function createPace({ sessionsPerSecond, bytesPerSecond, poolWaitMs, now, sleep: rest = nap }: Pacing): Pace {
  let since = now();
  let slowed = 1;
  const seconds = (amount: number, perSecond: number): number => (perSecond === 0 ? 0 : amount / perSecond);
  return async ({ sessions, bytes }, signal) => {
    const busy = poolWaitMs() > HIGH_POOL_WAIT_MS;
    slowed = busy ? Math.min(slowed * 2, MOST_SLOWED) : Math.max(1, slowed / 2);
    const budgeted = Math.max(seconds(sessions, sessionsPerSecond), seconds(bytes, bytesPerSecond)) * MS_A_SECOND;
    // Without a limit, a slowed worker pauses in proportion to the time the work took.
    const took = now() - since;
    const wanted = Math.max(budgeted, busy ? took : 0) * slowed - took;
    if (wanted >= 1) await rest(Math.min(LONGEST_REST_MS, wanted), signal);
    since = now();
  };
}

const nap = (ms: number, signal: AbortSignal | undefined): Promise<unknown> =>
  sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
