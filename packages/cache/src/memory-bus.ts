import { unlogged } from './cache-observer.ts';
import type { InvalidationBus } from './invalidation-bus.ts';
import { createListeners } from './listeners.ts';

export type MemoryChannel = { join(origin: string): InvalidationBus };

/**
 * An in-process bus, which cannot lose messages: for a single process, and for tests in which several buses join one
 * channel.
 */
export function createMemoryChannel(log = unlogged()): MemoryChannel {
  const everyone = createListeners(log);
  return {
    join(origin) {
      const leave: (() => void)[] = [];
      return {
        origin,
        async publish(invalidation) {
          everyone.heard(invalidation, origin);
        },
        subscribe(listener) {
          const unsubscribe = everyone.subscribe(listener);
          leave.push(unsubscribe);
          return unsubscribe;
        },
        healthy: () => true,
        async [Symbol.asyncDispose]() {
          for (const unsubscribe of leave) unsubscribe();
        },
      };
    },
  };
}
