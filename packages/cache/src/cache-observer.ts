/**
 * Receives the events of the cache, for metrics. `trusted` is the result the caller gets; the others are the layers
 * behind it.
 */
export type CacheObserver = {
  requested(layer: 'trusted' | 'memory' | 'redis', result: 'hit' | 'miss' | 'failed' | 'bypassed'): void;
  /** Outgoing messages are delivered, retried or failed; incoming messages are received, or ignored if unreadable. */
  invalidated(result: 'delivered' | 'retried' | 'failed' | 'received' | 'ignored'): void;
};

/** The log of the cache: the loss and the recovery of a bus, and failures that are otherwise only counted. */
export type CacheLog = {
  readonly info: (fields: CacheLogFields, message: string) => void;
  readonly warn: (fields: CacheLogFields, message: string) => void;
};

/** The field names follow the log schema of the product. */
type CacheLogFields = {
  readonly 'event.action': 'cache-connected' | 'cache-disconnected' | 'cache-failed';
  readonly 'phaselock.cache.origin'?: string;
  readonly err?: unknown;
};

export const unobserved = (): CacheObserver => ({ requested: () => {}, invalidated: () => {} });

export const unlogged = (): CacheLog => ({ info: () => {}, warn: () => {} });
