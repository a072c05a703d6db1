import { type CacheLog, type CacheObserver, unlogged, unobserved } from './cache-observer.ts';
import { type Sleep, unrefSleep } from './retry-with-backoff.ts';

/** The options that all network buses share. */
export type BusOptions = {
  /** Unique per bus: a random id generated at start. */
  readonly origin: string;
  readonly observer?: CacheObserver;
  readonly log?: CacheLog;
  readonly now?: () => number;
  readonly random?: () => number;
  readonly sleep?: Sleep;
  readonly retries?: number;
  readonly retryBaseMs?: number;
  /** The time limit of one call to the server. */
  readonly timeoutMs?: number;
  readonly beatEveryMs?: number;
  /** The maximum age of the newest beat that came back. It also bounds how long a stale snapshot can be served. */
  readonly staleAfterMs?: number;
  /** How long the bus stays unhealthy before it replaces its connection. */
  readonly healEveryMs?: number;
};

/**
 * A bus that loses messages is not trusted after 1.5 s without a returned beat, and reports the loss at its next beat,
 * within 2 s.
 */
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
