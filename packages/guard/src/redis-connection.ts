import type { RedisCommands } from '@phaselock/locking';
import { Redis } from 'ioredis';

export type RedisConnection = {
  readonly url: string;
  readonly client: Redis;
  readonly locks: RedisCommands;
  [Symbol.asyncDispose](): Promise<void>;
};

// Compares and deletes in one step: a lease that expired and was acquired by another holder must not be released by its
// former holder.
const RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end return 0";

/** Commands fail at once while there is no connection, because every caller can continue without Redis. */
export function connectRedis(url: string): RedisConnection {
  const client = new Redis(url, { enableOfflineQueue: false, maxRetriesPerRequest: 0, connectTimeout: 1_000 });
  client.on('error', () => {});
  return {
    url,
    client,
    locks: {
      acquire: async (key, token, ttlMs) => (await client.set(key, token, 'PX', ttlMs, 'NX')) === 'OK',
      release: async (key, token) => void (await client.eval(RELEASE, 1, key, token)),
    },
    [Symbol.asyncDispose]: async () => client.disconnect(),
  };
}

/** Opens a separate connection for Pub/Sub, because Redis accepts no other commands on a subscribed connection. */
export function connectSubscriber(url: string): Redis {
  const client = new Redis(url, { connectTimeout: 1_000, maxRetriesPerRequest: 0 });
  client.on('error', () => {});
  return client;
}
