import type { ApiProcess } from '../../../chaos/world/api-process.ts';
import type { PostgresServer } from '../../../chaos/world/postgres-server.ts';
import type { RedisProcess } from '../../../chaos/world/redis-process.ts';
import type { TcpProxy } from '../../../chaos/world/tcp-proxy.ts';

/** What a load is put on, as far as anybody who has its address and a key knows it. */
export type AskedProduct = {
  readonly urls: readonly string[];
  readonly key: string;
  /** Undefined where only the addresses are known: then rows cannot be looked at. */
  readonly databaseUrl: string | undefined;
  readonly leaseMs: number;
  readonly archiveUrl?: string;
  /** With which the product's own programs find its database and its archive. */
  readonly env: NodeJS.ProcessEnv;
};

/** A product we started, whose parts can be watched and broken. */
export type OwnProduct = AskedProduct & {
  readonly databaseUrl: string;
  readonly postgres: PostgresServer;
  /** Undefined where there is no redis-server. */
  readonly redis: RedisProcess | undefined;
  readonly apis: readonly ApiProcess[];
  /** Between each API and PostgreSQL; none where latency is measured. */
  readonly backs: readonly TcpProxy[];
};
