import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort, keyIn, redisAvailable, runWell } from '@phaselock/testkit';
import { type ApiProcess, createApiProcess } from '../../../chaos/world/api-process.ts';
import { createPostgresServer } from '../../../chaos/world/postgres-server.ts';
import { createRedisProcess, type RedisProcess } from '../../../chaos/world/redis-process.ts';
import { openTcpProxy, type TcpProxy } from '../../../chaos/world/tcp-proxy.ts';
import { createWorkerProcess } from '../world/worker-process.ts';

const APPS = resolve(import.meta.dirname, '../../../apps');
const KEYS = join(APPS, 'api/src/keys-cli.ts');
const MIGRATE = join(APPS, 'api/src/migrate-cli.ts');
const VERIFY = join(APPS, 'verify-cli/src/main.ts');
const ROLLOUT = 'single_session_guard';

export type Product = AsyncDisposable & {
  readonly apis: readonly ApiProcess[];
  readonly urls: readonly string[];
  /** For each API, the proxy between it and PostgreSQL, which can simulate network faults. */
  readonly backs: readonly TcpProxy[];
  readonly redis: RedisProcess | undefined;
  /** Host and port of the metrics and health checks of the purge worker. */
  readonly workerAddress: string;
  readonly key: string;
  /** Runs a full and an incremental audit and records the results, which the API exposes as metrics. */
  audit(): Promise<void>;
  /** Sets the percentage of users to whom the single-session rule applies. */
  setShare(percent: number): Promise<void>;
};

/**
 * Starts the product, each program as a separate process: PostgreSQL, Redis if it is installed, two API processes that
 * reach PostgreSQL through proxies, and a purge worker.
 */
export async function openProduct(folder: string): Promise<Product> {
  await mkdir(folder, { recursive: true });
  await using resources = new AsyncDisposableStack();
  const databasePort = await freePort();
  const postgres = createPostgresServer({ dataDir: join(folder, 'postgres'), port: databasePort, keeper: 'campaign' });
  await postgres.start();
  resources.defer(() => postgres.stopForGood());
  const redis = await openRedis(folder);
  if (redis !== undefined) resources.defer(() => redis.end());

  const env: NodeJS.ProcessEnv = {
    PHASELOCK_DATABASE_URL: postgres.url(),
    PHASELOCK_ARCHIVE_URL: `folder:${join(folder, 'archive')}`,
    PHASELOCK_DATA_DIR: join(folder, 'data'),
    PHASELOCK_LOG_LEVEL: 'warn',
    ...(redis && { PHASELOCK_REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
  };
  await runWell(MIGRATE, [], env);
  const scopes = 'sessions:read,sessions:write,sessions:replace,archive:read,admin';
  const key = keyIn((await runWell(KEYS, ['create', '--name', 'load', '--scopes', scopes], env)).said);
  const audit = async () => {
    for (const scope of [[], ['--since', '24h']])
      await runWell(VERIFY, ['--all', ...scope, '--record', '--allow-empty'], env);
  };
  await audit();

  const apis: ApiProcess[] = [];
  const backs: TcpProxy[] = [];
  for (const name of ['api-1', 'api-2']) {
    const back = resources.use(await openTcpProxy(databasePort, Math.random));
    const settings = {
      ...env,
      PHASELOCK_DATABASE_URL: postgres.url(back.port),
      PHASELOCK_RATE_LIMIT: '0',
      PHASELOCK_LEASE_MS: '5000',
      PHASELOCK_POOL_SIZE: '10',
    };
    const api = createApiProcess({ name, port: await freePort(), folder, env: settings });
    resources.defer(() => api.end('SIGKILL'));
    apis.push(api);
    backs.push(back);
  }
  await Promise.all(apis.map((api) => api.start()));
  const urls = apis.map(({ port }) => `http://127.0.0.1:${port}`);

  const worker = createWorkerProcess({
    name: 'purge-worker',
    folder,
    port: await freePort(),
    env: {
      ...env,
      // Deleted sessions are due at once, and a run archives and purges them every minute.
      PHASELOCK_PURGE_SCHEDULE: '* * * * *',
      PHASELOCK_ARCHIVE_AFTER_HOURS: '0',
      PHASELOCK_PURGE_AFTER_HOURS: '0',
    },
  });
  resources.defer(() => worker.end('SIGKILL'));
  await worker.start();
  const owned = resources.move();
  return {
    apis,
    urls,
    backs,
    redis,
    workerAddress: worker.address,
    key,
    audit,
    setShare: async (percent) => {
      const said = await fetch(`${urls[0]}/v1/admin/flags/${ROLLOUT}`, {
        method: 'PUT',
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify({ enabled: true, percent, why: 'dashboards are looked at' }),
      });
      if (!said.ok) throw new Error(`the flag was not set: ${said.status} ${await said.text()}`);
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openRedis(folder: string): Promise<RedisProcess | undefined> {
  if (redisAvailable().kind === 'none') return undefined;
  const redis = createRedisProcess(await freePort(), join(folder, 'redis.log'));
  await redis.start();
  return redis;
}
