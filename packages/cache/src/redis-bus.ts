import { type BusOptions, withBusDefaults } from './bus-options.ts';
import type { InvalidationBus } from './invalidation-bus.ts';
import { encodeBeat, encodeInvalidation } from './invalidation-message.ts';
import { createListeners } from './listeners.ts';
import { createPulse, type Pulse } from './pulse.ts';
import { receiveMessage } from './receive-message.ts';
import { retryWithBackoff } from './retry-with-backoff.ts';
import { withinTime } from './within-time.ts';

/** The part of the publishing client that is used. The client may be shared with the snapshots. */
export type RedisPublisher = { publish(channel: string, message: string): Promise<unknown> };

/**
 * The part of the subscribing client that is used. Redis allows a subscribed client nothing else, so the bus needs one
 * of its own. The caller closes it.
 */
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

/**
 * Sends invalidations over Redis Pub/Sub, which delivers at most once. After a reconnect, a reset compensates for lost
 * messages.
 */
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
      // Subscribes before the first beat, until it succeeds. From then on the client re-subscribes by itself when it
      // reconnects.
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
  // Not removed on disposal: without a listener, a connection error would crash the process.
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
