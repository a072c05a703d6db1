import type { ApiProcess } from '../../../chaos/world/api-process.ts';
import type { PostgresServer } from '../../../chaos/world/postgres-server.ts';
import type { RedisProcess } from '../../../chaos/world/redis-process.ts';
import type { TcpProxy } from '../../../chaos/world/tcp-proxy.ts';

/** The product under load, as known to anyone with its address and a key. */
export type AskedProduct = {
  readonly urls: readonly string[];
  readonly key: string;
  /** Undefined if only the addresses are known; rows cannot be checked then. */
  readonly databaseUrl: string | undefined;
  readonly leaseMs: number;
  readonly archiveUrl?: string;
  /** Environment with which the product's own programs find its database and archive. */
  readonly env: NodeJS.ProcessEnv;
};

/** A product started by the run, whose parts can be sampled and broken. */
export type OwnProduct = AskedProduct & {
  readonly databaseUrl: string;
  readonly postgres: PostgresServer;
  /** Undefined if no redis-server is installed. */
  readonly redis: RedisProcess | undefined;
  readonly apis: readonly ApiProcess[];
  /** Proxies between each API and PostgreSQL; none in scenarios that measure latency. */
  readonly backs: readonly TcpProxy[];
};
