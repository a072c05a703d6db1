/** What is counted. `trusted` is what the caller was answered, the others are the layers behind it. */
export type CacheObserver = {
  requested(layer: 'trusted' | 'memory' | 'redis', result: 'hit' | 'miss' | 'failed' | 'bypassed'): void;
  /** Messages sent are delivered, retried and failed; messages that arrive are received, or ignored when unreadable. */
  invalidated(result: 'delivered' | 'retried' | 'failed' | 'received' | 'ignored'): void;
};

/** What is worth a line: a bus lost and found again, and failures that are otherwise only counted. */
export type CacheLog = {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
};

export const unobserved = (): CacheObserver => ({ requested: () => {}, invalidated: () => {} });

export const unlogged = (): CacheLog => ({ info: () => {}, warn: () => {} });
