import { randomUUID } from 'node:crypto';
import {
  createMemoryChannel,
  createPostgresBus,
  createRedisBus,
  createSlotCache,
  type InvalidationBus,
  SNAPSHOT_TTL_MS,
  slotStateCodec,
} from '@phaselock/cache';
import { OUTSIDE_THE_GUARD, type SessionId, type SessionStatus, type SlotKey, type SlotState } from '@phaselock/core';
import { connectListener } from '@phaselock/store';
import type { InvalidationBusName, Logger, Telemetry } from '@phaselock/telemetry';
import type { SlotSnapshots } from './context.ts';
import { connectSubscriber, type RedisConnection } from './redis-connection.ts';

/** How processes notify each other of changes; `memory` is for a single process. */
export type InvalidationBusChoice = InvalidationBusName;

export type SnapshotsOptions = {
  readonly invalidation: InvalidationBusChoice;
  readonly redis: RedisConnection | undefined;
  readonly databaseUrl: string;
  readonly telemetry: Telemetry;
  readonly logger: Logger;
};

/** Opens the snapshot cache and the bus for its invalidations. */
export function openSnapshots(options: SnapshotsOptions): SlotSnapshots & AsyncDisposable {
  const { redis, telemetry, logger } = options;
  const resources = new AsyncDisposableStack();
  const bus = resources.use(openBus(options, resources));
  const observer = telemetry.cache;
  resources.defer(observer.observe(options.invalidation, bus.healthy));
  const cache = resources.use(
    createSlotCache<SlotState>({
      bus,
      observer,
      log: logger,
      ...(redis && { redis: { client: redis.client, codec: slotStateCodec } }),
    }),
  );
  /**
   * Changes the status in the cached snapshot. The snapshot keeps its expiry time, because the rest of it was not read
   * again.
   */
  const changeStatus = async (slot: SlotKey, sessionId: SessionId, status: SessionStatus): Promise<void> => {
    const found = await cache.get(slot);
    const live = found?.value.live;
    if (found === undefined || live?.id !== sessionId) return;
    const value: SlotState = { ...found.value, live: { ...live, status } };
    await cache.put(slot, { version: found.version, value }, SNAPSHOT_TTL_MS - found.freshForMs);
  };
  return {
    async get(slot) {
      const found = await cache.get(slot);
      return found && { state: found.value, source: found.source };
    },
    put: (slot, state, readForMs) => void cache.put(slot, { version: state.version, value: state }, readForMs),
    forget: (slot, version) => void cache.forget(slot, version),
    changed(slot, { version, state, sessionId, model }) {
      const generation = state?.generation ?? OUTSIDE_THE_GUARD;
      void cache.changed({ slot, version, generation, sessionId, model }, state ?? undefined);
    },
    statusChanged: (slot, sessionId, status) => void changeStatus(slot, sessionId, status),
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

function openBus(
  { invalidation, redis, databaseUrl, telemetry, logger }: SnapshotsOptions,
  resources: AsyncDisposableStack,
): InvalidationBus {
  const origin = randomUUID();
  const common = { origin, observer: telemetry.cache, log: logger };
  switch (invalidation) {
    case 'memory':
      return createMemoryChannel(logger).join(origin);
    case 'postgres':
      return createPostgresBus({ ...common, connect: () => connectListener(databaseUrl) });
    case 'redis': {
      if (redis === undefined) throw new TypeError('invalidation over Redis needs redisUrl');
      const subscriber = connectSubscriber(redis.url);
      resources.defer(() => subscriber.disconnect());
      return createRedisBus({ ...common, publisher: redis.client, subscriber });
    }
  }
}
