import { setTimeout as sleep } from 'node:timers/promises';

/** What was done since the last rest. */
type Work = { readonly sessions: number; readonly bytes: number };
export type Pace = (work: Work, signal?: AbortSignal) => Promise<void>;

export type Pacing = {
  /** What may be done in a second; 0 for as much as there is. */
  readonly sessionsPerSecond: number;
  readonly bytesPerSecond: number;
  readonly poolWaitMs: () => number;
  readonly now: () => number;
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<unknown>;
};

/** Spec 5: a wait beyond this is the sign of a database that has too much to do. */
const HIGH_POOL_WAIT_MS = 50;
const MOST_SLOWED = 64;
const LONGEST_REST_MS = 30_000;
const MS_A_SECOND = 1_000;

/** A budget of sessions and bytes, so that those who wait for an answer get one. While the database makes us wait, it is halved each time. */
export function createPace({ sessionsPerSecond, bytesPerSecond, poolWaitMs, now, sleep: rest = nap }: Pacing): Pace {
  let since = now();
  let slowed = 1;
  const seconds = (amount: number, perSecond: number): number => (perSecond === 0 ? 0 : amount / perSecond);
  return async ({ sessions, bytes }, signal) => {
    const busy = poolWaitMs() > HIGH_POOL_WAIT_MS;
    slowed = busy ? Math.min(slowed * 2, MOST_SLOWED) : Math.max(1, slowed / 2);
    const budgeted = Math.max(seconds(sessions, sessionsPerSecond), seconds(bytes, bytesPerSecond)) * MS_A_SECOND;
    // Without a budget what the work took is what a slowed worker rests in proportion to.
    const took = now() - since;
    const wanted = Math.max(budgeted, busy ? took : 0) * slowed - took;
    if (wanted >= 1) await rest(Math.min(LONGEST_REST_MS, wanted), signal);
    since = now();
  };
}

const nap = (ms: number, signal: AbortSignal | undefined): Promise<unknown> =>
  sleep(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
