import { type BusOptions, withBusDefaults } from './bus-options.ts';
import type { InvalidationBus } from './invalidation-bus.ts';
import { encodeBeat, encodeInvalidation } from './invalidation-message.ts';
import { createListeners } from './listeners.ts';
import { createPulse, type Pulse } from './pulse.ts';
import { receiveMessage } from './receive-message.ts';
import { retryWithBackoff } from './retry-with-backoff.ts';
import { withinTime } from './within-time.ts';

/** What is needed of the client that publishes. It may be shared with the snapshots. */
export type RedisPublisher = { publish(channel: string, message: string): Promise<unknown> };

/** What is needed of the client that listens. Redis lets it do nothing else, so it is the bus's own; closing it stays with its owner. */
export type RedisSubscriber = {
  subscribe(channel: string): Promise<unknown>;
  unsubscribe(channel: string): Promise<unknown>;
  on(event: 'message', listener: (channel: string, message: string) => void): unknown;
  on(event: 'close', listener: () => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  off(event: 'message', listener: (channel: string, message: string) => void): unknown;
  off(event: 'close', listener: () => void): unknown;
  disconnect(reconnect: boolean): void;
};

export type RedisBusOptions = BusOptions & {
  readonly publisher: RedisPublisher;
  readonly subscriber: RedisSubscriber;
  readonly channel?: string;
};

/** Invalidations over Redis Pub/Sub, which delivers at most once: what gets lost with a connection is made up for by a reset. */
export function createRedisBus(given: RedisBusOptions): InvalidationBus {
  const { publisher, subscriber, channel = 'phaselock:invalidations' } = given;
  const options = withBusDefaults(given);
  const { origin, observer, log, timeoutMs, retries, retryBaseMs: baseMs, sleep, random } = options;
  const listeners = createListeners(log);
  const stopping = new AbortController();
  const underWay = new Set<Promise<unknown>>();
  let subscribed = false;

  const send = (text: string): Promise<unknown> => withinTime(publisher.publish(channel, text), timeoutMs);
  const pulse: Pulse = createPulse({
    ...options,
    async send(sentAt) {
      // Before the first beat, and until it worked: from then on the client subscribes again by itself when it reconnects.
      if (!subscribed) await withinTime(subscriber.subscribe(channel), timeoutMs);
      subscribed = true;
      await send(encodeBeat(sentAt, origin));
    },
    onRecovered() {
      log.info(
        { 'event.action': 'cache-connected', 'phaselock.cache.origin': origin },
        'Invalidations arrive over Redis.',
      );
      listeners.reset();
    },
    onLost: () =>
      log.warn(
        { 'event.action': 'cache-disconnected', 'phaselock.cache.origin': origin },
        'Invalidations do not arrive over Redis; the cache is bypassed.',
      ),
    heal() {
      subscribed = false;
      subscriber.disconnect(true);
    },
  });

  const onMessage = (on: string, text: string): void => {
    if (on === channel) receiveMessage({ origin, observer, listeners, pulse: () => pulse }, text);
  };
  const onClose = (): void => pulse.interrupted();
  subscriber.on('message', onMessage);
  subscriber.on('close', onClose);
  // Kept when all else is taken off: without a listener an error of the connection would be somebody's crash.
  subscriber.on('error', () => {});

  return {
    origin,
    subscribe: listeners.subscribe,
    healthy: pulse.healthy,
    async publish(invalidation) {
      const text = encodeInvalidation(invalidation, origin);
      const onRetry = (): void => observer.invalidated('retried');
      const delivering = retryWithBackoff(() => send(text), {
        retries,
        baseMs,
        sleep,
        random,
        onRetry,
        signal: stopping.signal,
      });
      underWay.add(delivering);
      observer.invalidated((await delivering) ? 'delivered' : 'failed');
      underWay.delete(delivering);
    },
    async [Symbol.asyncDispose]() {
      pulse[Symbol.dispose]();
      stopping.abort();
      await Promise.all(underWay);
      subscriber.off('message', onMessage);
      subscriber.off('close', onClose);
      await withinTime(subscriber.unsubscribe(channel), timeoutMs).catch(() => undefined);
    },
  };
}
