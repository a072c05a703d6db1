import type { CacheLog } from './cache-observer.ts';
import type { InvalidationBus, InvalidationListener } from './invalidation-bus.ts';

export type Listeners = InvalidationListener & Pick<InvalidationBus, 'subscribe'>;

/** Tells everyone, whatever one of them makes of it. */
export function createListeners(log: CacheLog): Listeners {
  const listeners = new Set<InvalidationListener>();
  const tell = (say: (listener: InvalidationListener) => void): void => {
    for (const listener of listeners) {
      try {
        say(listener);
      } catch (error) {
        log.warn({ err: error, 'event.action': 'cache-failed' }, 'A listener for invalidations failed.');
      }
    }
  };
  return {
    heard: (invalidation, origin) => tell((listener) => listener.heard(invalidation, origin)),
    reset: () => tell((listener) => listener.reset()),
    subscribe(listener) {
      // Its own object, so that a listener added twice is told twice and taken away once.
      const own: InvalidationListener = {
        heard: (invalidation, origin) => listener.heard(invalidation, origin),
        reset: () => listener.reset(),
      };
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
