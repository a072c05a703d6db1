import { type RedisServer, redisAvailable, startRedis } from '@phaselock/testkit';
import { Redis } from 'ioredis';

const available = redisAvailable();

/** For `describe.runIf`, and why not, for its title. */
export const redisTests = {
  possible: available.kind !== 'none',
  title: (about: string): string => (available.kind === 'none' ? `${about} (skipped: ${available.reason})` : about),
};

export type RedisForTests = AsyncDisposable & { readonly server: RedisServer; client(): Redis };

/** A server of the test's own, and clients that come back quickly and are closed with it. */
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
