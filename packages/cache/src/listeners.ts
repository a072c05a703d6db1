import type { CacheLog } from './cache-observer.ts';
import type { InvalidationBus, InvalidationListener } from './invalidation-bus.ts';

export type Listeners = InvalidationListener & Pick<InvalidationBus, 'subscribe'>;

/** Notifies all listeners, even if one of them throws. */
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
      // A new object per subscription, so that a listener added twice is notified twice and each subscription is
      // removed separately.
      const own: InvalidationListener = {
        heard: (invalidation, origin) => listener.heard(invalidation, origin),
        reset: () => listener.reset(),
      };
      listeners.add(own);
      return () => void listeners.delete(own);
    },
  };
}
