import { type RedisServer, redisAvailable, startRedis } from '@phaselock/testkit';
import { Redis } from 'ioredis';

const available = redisAvailable();

/** Whether Redis is available, for `describe.runIf`; if not, the title states why. */
export const redisTests = {
  possible: available.kind !== 'none',
  title: (about: string): string => (available.kind === 'none' ? `${about} (skipped: ${available.reason})` : about),
};

export type RedisForTests = AsyncDisposable & { readonly server: RedisServer; client(): Redis };

/** Starts a Redis server for the test, with clients that reconnect quickly and are closed with it. */
export async function redisForTests(): Promise<RedisForTests> {
  const server = await startRedis();
  const clients: Redis[] = [];
  return {
    server,
    client() {
      const client = new Redis(server.url, { maxRetriesPerRequest: 1, retryStrategy: () => 20, connectTimeout: 500 });
      client.on('error', () => {});
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.disconnect();
      await server.stop();
    },
  };
}
