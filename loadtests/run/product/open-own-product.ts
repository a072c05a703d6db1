import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort, keyIn, redisAvailable, runWell } from '@phaselock/testkit';
import { type ApiProcess, createApiProcess } from '../../../chaos/world/api-process.ts';
import { createPostgresServer } from '../../../chaos/world/postgres-server.ts';
import { createRedisProcess, type RedisProcess } from '../../../chaos/world/redis-process.ts';
import { openTcpProxy, type TcpProxy } from '../../../chaos/world/tcp-proxy.ts';
import { endApi } from './end-api.ts';
import type { OwnProduct } from './product.ts';

const APPS = resolve(import.meta.dirname, '../../../apps');
const KEYS = join(APPS, 'api/src/keys-cli.ts');
const MIGRATE = join(APPS, 'api/src/migrate-cli.ts');
const SCOPES = 'sessions:read,sessions:write,sessions:replace,users:name,archive:read,admin';

export type OwnProductOptions = {
  /** Folder for logs and the archive. */
  readonly folder: string;
  readonly dataDir: string;
  readonly redisDir: string;
  readonly apis: number;
  readonly workers: number;
  /** Whether proxies are placed between the API processes and PostgreSQL, to inject network faults. */
  readonly proxied: boolean;
  readonly leaseMs: number;
  /** Number of change streams that will be open with the one key. */
  readonly streams: number;
  /** Seeds the migrated database before an API starts. */
  readonly seed: (databaseUrl: string) => Promise<void>;
  /** Aborts the start: everything started so far is stopped. */
  readonly ended: AbortSignal;
};

/** Starts PostgreSQL, Redis if installed, and the API, with default settings except those that the load requires. */
export async function openOwnProduct(options: OwnProductOptions): Promise<OwnProduct & AsyncDisposable> {
  const { folder, dataDir, leaseMs, ended } = options;
  await mkdir(folder, { recursive: true });
  await using resources = new AsyncDisposableStack();
  const databasePort = await freePort();
  const settings = databaseSettings(options);
  const postgres = createPostgresServer({ dataDir, port: databasePort, keeper: 'campaign', settings });
  await postgres.start();
  resources.defer(() => postgres.stopForGood());
  const redis = await openRedis(options);
  if (redis !== undefined) resources.defer(() => redis.end());

  const archiveUrl = `folder:${join(folder, 'archive')}`;
  const env: NodeJS.ProcessEnv = {
    PHASELOCK_DATABASE_URL: postgres.url(),
    PHASELOCK_ARCHIVE_URL: archiveUrl,
    PHASELOCK_DATA_DIR: join(folder, 'data'),
    PHASELOCK_LEASE_MS: String(leaseMs),
    ...(redis && { PHASELOCK_REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
  };
  ended.throwIfAborted();
  await runWell(MIGRATE, [], env);
  await unlessEnded(options.seed(postgres.url()), ended);
  const key = keyIn((await runWell(KEYS, ['create', '--name', 'load', '--scopes', SCOPES], env)).said);

  const apis: ApiProcess[] = [];
  const backs: TcpProxy[] = [];
  for (let index = 0; index < options.apis; index += 1) {
    const back = options.proxied ? resources.use(await openTcpProxy(databasePort, Math.random)) : undefined;
    if (back !== undefined) backs.push(back);
    const api = createApiProcess({
      name: `api-${index}`,
      port: await freePort(),
      folder,
      asShipped: true,
      env: {
        ...env,
        PHASELOCK_DATABASE_URL: postgres.url(back?.port),
        PHASELOCK_WORKERS: String(options.workers),
        // A free port each, because several APIs run on one machine.
        PHASELOCK_METRICS_PORT: '0',
        // No rate limit, because all users of a load share one key.
        PHASELOCK_RATE_LIMIT: '0',
        PHASELOCK_MAX_STREAMS_PER_CALLER: String(Math.max(250, options.streams)),
      },
    });
    apis.push(api);
    resources.defer(() => endApi(api));
  }
  ended.throwIfAborted();
  await Promise.all(apis.map((api) => api.start()));
  const owned = resources.move();
  return {
    urls: apis.map(({ port }) => `http://127.0.0.1:${port}`),
    key,
    databaseUrl: postgres.url(),
    leaseMs,
    archiveUrl,
    env,
    postgres,
    redis,
    apis,
    backs,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/**
 * Rejects at once on an abort, without waiting for the seeding, which takes minutes. Stopping the server ends its
 * connection.
 */
function unlessEnded(work: Promise<void>, ended: AbortSignal): Promise<void> {
  const stopped = Promise.withResolvers<never>();
  const stop = (): void => stopped.reject(ended.reason);
  if (ended.aborted) stop();
  ended.addEventListener('abort', stop, { once: true });
  return Promise.race([work, stopped.promise]).finally(() => ended.removeEventListener('abort', stop));
}

const OF_A_POOL = 24;
const OF_OTHERS = 20;

/** Typical settings of a small server. fsync stays on, as in production. */
const databaseSettings = ({ apis, workers }: OwnProductOptions) => ({
  shared_buffers: '512MB',
  max_wal_size: '2GB',
  max_connections: String(Math.max(200, apis * workers * OF_A_POOL + OF_OTHERS)),
});

async function openRedis({ folder, redisDir }: OwnProductOptions): Promise<RedisProcess | undefined> {
  if (redisAvailable().kind !== 'binary') return undefined;
  await mkdir(redisDir, { recursive: true });
  const redis = createRedisProcess(await freePort(), join(folder, 'redis.log'), redisDir);
  await redis.start();
  return redis;
}
