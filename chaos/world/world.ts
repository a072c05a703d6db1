import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort, keyIn, runWell } from '@phaselock/testkit';
import type { Random } from '../random.ts';
import { type ApiProcess, createApiProcess } from './api-process.ts';
import { type DataDisk, openDataDisk } from './data-disk.ts';
import { createPostgresServer, type DatabaseKeeper, type PostgresServer } from './postgres-server.ts';
import { type PurgeCycle, startPurgeCycle } from './purge-cycle.ts';
import { createRedisProcess, type RedisProcess } from './redis-process.ts';
import { openTcpProxy, type TcpProxy } from './tcp-proxy.ts';

const KEYS = resolve(import.meta.dirname, '../../apps/api/src/keys-cli.ts');
const MIGRATE = resolve(import.meta.dirname, '../../apps/api/src/migrate-cli.ts');

export type WorldOptions = {
  readonly folder: string;
  readonly random: Random;
  readonly leaseMs: number;
  readonly purgePauseMs: number;
  readonly diskMegabytes: number;
  readonly keeper: DatabaseKeeper;
  /** SQL that removes a guard from the migrated schema, for mutants. */
  readonly mutation?: string;
};

/** The system under test, with the processes and proxies in which faults are injected. */
export type World = AsyncDisposable & {
  readonly postgres: PostgresServer;
  readonly keeper: DatabaseKeeper;
  /** Undefined if no redis-server is installed. */
  readonly redis: RedisProcess | undefined;
  readonly apis: readonly ApiProcess[];
  /** Proxies between the clients and each API, and between each API and PostgreSQL. */
  readonly fronts: readonly TcpProxy[];
  readonly backs: readonly TcpProxy[];
  readonly disk: DataDisk;
  readonly purge: PurgeCycle;
  readonly key: string;
  readonly env: NodeJS.ProcessEnv;
};

const APIS = ['api-0', 'api-1'] as const;

/**
 * Starts the system under test: two API processes and a purge worker on one PostgreSQL and one Redis, each started as a
 * user starts it.
 */
export async function openWorld(options: WorldOptions): Promise<World> {
  const { folder, random, leaseMs, keeper } = options;
  await mkdir(folder, { recursive: true });
  await using resources = new AsyncDisposableStack();
  const disk = resources.use(await openDataDisk(options.diskMegabytes));
  const dataDir = join(disk.path, 'data');
  const databasePort = await freePort();
  const postgres = createPostgresServer({ dataDir, port: databasePort, keeper });
  await postgres.start();
  resources.defer(() => postgres.stopForGood());

  const redis = await openRedis(folder);
  if (redis !== undefined) resources.defer(() => redis.end());

  const archive = join(folder, 'archive');
  const common: NodeJS.ProcessEnv = {
    PHASELOCK_DATABASE_URL: postgres.url(),
    PHASELOCK_ARCHIVE_URL: `folder:${archive}`,
    PHASELOCK_DATA_DIR: join(folder, 'data'),
    PHASELOCK_LOG_LEVEL: 'warn',
    ...(redis && { PHASELOCK_REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
  };
  await runWell(MIGRATE, [], common);
  if (options.mutation !== undefined) await postgres.ask(options.mutation);
  const key = await makeKey(common);

  const apis: ApiProcess[] = [];
  const fronts: TcpProxy[] = [];
  const backs: TcpProxy[] = [];
  for (const name of APIS) {
    const chance = random.fork(name);
    const back = resources.use(await openTcpProxy(databasePort, chance));
    const port = await freePort();
    fronts.push(resources.use(await openTcpProxy(port, chance)));
    backs.push(back);
    const env = {
      ...common,
      ...(keeper === 'campaign'
        ? { PHASELOCK_DATABASE_URL: postgres.url(back.port) }
        : { PHASELOCK_DATABASE_URL: undefined, PHASELOCK_DATA_DIR: dataDir }),
      PHASELOCK_RATE_LIMIT: '0',
      PHASELOCK_LEASE_MS: String(leaseMs),
      PHASELOCK_POOL_SIZE: '10',
    };
    const api = createApiProcess({ name, port, folder, env });
    apis.push(api);
    resources.defer(() => api.end('SIGKILL'));
  }
  await Promise.all(apis.map((api) => api.start()));

  const purge = startPurgeCycle({
    folder,
    archive: join(archive, 'sessions'),
    env: () => ({ ...common, PHASELOCK_PURGE_METRICS_PORT: '0' }),
    random: random.fork('purge'),
    pauseMs: options.purgePauseMs,
  });
  resources.defer(async () => {
    purge.kill();
    await purge.stop();
  });
  const owned = resources.move();
  return {
    postgres,
    keeper,
    redis,
    apis,
    fronts,
    backs,
    disk,
    purge,
    key,
    env: common,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function openRedis(folder: string): Promise<RedisProcess | undefined> {
  if (spawnSync('redis-server', ['--version']).status !== 0) return undefined;
  const redis = createRedisProcess(await freePort(), join(folder, 'redis.log'));
  await redis.start();
  return redis;
}

async function makeKey(env: NodeJS.ProcessEnv): Promise<string> {
  const scopes = 'sessions:read,sessions:write,sessions:replace,archive:read,admin';
  return keyIn((await runWell(KEYS, ['create', '--name', 'chaos', '--scopes', scopes], env)).said);
}
