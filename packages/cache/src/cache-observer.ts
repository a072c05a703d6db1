/** What is counted. `trusted` is what the caller was answered, the others are the layers behind it. */
export type CacheObserver = {
  requested(layer: 'trusted' | 'memory' | 'redis', result: 'hit' | 'miss' | 'failed' | 'bypassed'): void;
  /** Messages sent are delivered, retried and failed; messages that arrive are received, or ignored when unreadable. */
  invalidated(result: 'delivered' | 'retried' | 'failed' | 'received' | 'ignored'): void;
};

/** What is worth a line: a bus lost and found again, and failures that are otherwise only counted. */
export type CacheLog = {
  readonly info: (fields: CacheLogFields, message: string) => void;
  readonly warn: (fields: CacheLogFields, message: string) => void;
};

/** Named as in every log line of the product. */
type CacheLogFields = {
  readonly 'event.action': 'cache-connected' | 'cache-disconnected' | 'cache-failed';
  readonly 'phaselock.cache.origin'?: string;
  readonly err?: unknown;
};

export const unobserved = (): CacheObserver => ({ requested: () => {}, invalidated: () => {} });

export const unlogged = (): CacheLog => ({ info: () => {}, warn: () => {} });
