import { slotName } from '@phaselock/core';
import { type BusOptions, withBusDefaults } from './bus-options.ts';
import { createCoalescedSender } from './coalesced-sender.ts';
import type { InvalidationBus } from './invalidation-bus.ts';
import { encodeBeat, encodeInvalidation } from './invalidation-message.ts';
import { createListeners } from './listeners.ts';
import { createPostgresLink, type PostgresConnection } from './postgres-link.ts';
import { createPulse, type Pulse } from './pulse.ts';
import { receiveMessage } from './receive-message.ts';
import { retryWithBackoff } from './retry-with-backoff.ts';
import { withinTime } from './within-time.ts';

export type PostgresBusOptions = BusOptions & {
  /** Opens a new connection for the bus alone; the bus closes it. */
  readonly connect: () => Promise<PostgresConnection>;
  readonly channel?: string;
  readonly connectTimeoutMs?: number;
};

const NOTIFY_ALL = 'select pg_notify($1, payload) from unnest($2::text[]) as payload';

/**
 * Sends invalidations over LISTEN and NOTIFY, for installations without Redis. They are sent after the commit on a
 * separate connection, because a NOTIFY inside the transaction costs several times the write.
 */
export function createPostgresBus(given: PostgresBusOptions): InvalidationBus {
  const { connect, channel = 'phaselock_invalidations', connectTimeoutMs = 5_000 } = given;
  const options = withBusDefaults(given);
  const { origin, observer, log, timeoutMs, retries, retryBaseMs: baseMs, sleep, random } = options;
  const listeners = createListeners(log);
  const stopping = new AbortController();
  const { signal } = stopping;

  const link = createPostgresLink({
    connect,
    channel,
    log,
    sleep,
    random,
    connectTimeoutMs,
    onPayload: (text) => receiveMessage({ origin, observer, listeners, pulse: () => pulse }, text),
    onLost: () => pulse.interrupted(),
  });
  const notify = (texts: string[]): Promise<unknown> => withinTime(link.query(NOTIFY_ALL, [channel, texts]), timeoutMs);
  const pulse: Pulse = createPulse({
    ...options,
    send: async (sentAt) => void (await notify([encodeBeat(sentAt, origin)])),
    onRecovered() {
      log.info(
        { 'event.action': 'cache-connected', 'phaselock.cache.origin': origin },
        'Invalidations arrive over PostgreSQL.',
      );
      listeners.reset();
    },
    onLost: () =>
      log.warn(
        { 'event.action': 'cache-disconnected', 'phaselock.cache.origin': origin },
        'Invalidations do not arrive over PostgreSQL; the cache is bypassed.',
      ),
    heal: () => link.renew(),
  });
  const sender = createCoalescedSender({
    send: (texts) =>
      retryWithBackoff(() => notify(texts), {
        retries,
        baseMs,
        sleep,
        random,
        signal,
        onRetry: () => observer.invalidated('retried'),
      }),
    onSettled(sent, messages) {
      for (let message = 0; message < messages; message += 1) observer.invalidated(sent ? 'delivered' : 'failed');
    },
  });

  return {
    origin,
    subscribe: listeners.subscribe,
    healthy: pulse.healthy,
    async publish(invalidation) {
      const { slot, version } = invalidation;
      await sender.add({ key: slotName(slot), version, text: encodeInvalidation(invalidation, origin) });
    },
    async [Symbol.asyncDispose]() {
      pulse[Symbol.dispose]();
      stopping.abort();
      await sender[Symbol.asyncDispose]();
      await link[Symbol.asyncDispose]();
    },
  };
}
