import { type CacheLog, type CacheObserver, unlogged, unobserved } from './cache-observer.ts';
import { type Sleep, unrefSleep } from './retry-with-backoff.ts';

/** What the buses over a network have in common. */
export type BusOptions = {
  /** Unlike every other bus's: a random id made at start. */
  readonly origin: string;
  readonly observer?: CacheObserver;
  readonly log?: CacheLog;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly sleep?: Sleep;
  readonly retries?: number;
  readonly retryBaseMs?: number;
  /** The bound of one call to the server. */
  readonly timeoutMs?: number;
  readonly beatEveryMs?: number;
  /** How old the newest beat that came back may be. With it goes the bound on serving something stale. */
  readonly staleAfterMs?: number;
  /** How long to be unhealthy before the connection is given up for a new one. */
  readonly healEveryMs?: number;
};

/** 1.5 s of silence and the tick that notices: a bus that lost messages is not trusted after 2 s. */
export const withBusDefaults = (options: BusOptions): Required<BusOptions> => ({
  observer: unobserved(),
  log: unlogged(),
  now: () => performance.now(),
  random: Math.random,
  sleep: unrefSleep,
  retries: 3,
  retryBaseMs: 50,
  timeoutMs: 250,
  beatEveryMs: 500,
  staleAfterMs: 1_500,
  healEveryMs: 5_000,
  ...options,
});
