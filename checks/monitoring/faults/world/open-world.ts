import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { createClient } from '@phaselock/contract';
import {
  freePort,
  keyIn,
  type LogUser,
  mountSmallDisk,
  openLogUser,
  type Ran,
  runProgram,
  runWell,
  type SmallDisk,
} from '@phaselock/testkit';
import { z } from 'zod';
import { adminUrlOn } from '../../../../apps/api/test/shared-data.ts';
import { createRandom } from '../../../../chaos/random.ts';
import { type ApiProcess, createApiProcess } from '../../../../chaos/world/api-process.ts';
import { createPostgresServer, type PostgresServer } from '../../../../chaos/world/postgres-server.ts';
import { createRedisProcess, type RedisProcess } from '../../../../chaos/world/redis-process.ts';
import { openTcpProxy, type TcpProxy } from '../../../../chaos/world/tcp-proxy.ts';
import { createWorkerProcess, type WorkerProcess } from '../../world/worker-process.ts';
import { HOST_WITH_KEY, mustAskForKey } from './ask-for-key.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const APPS = join(ROOT, 'apps');

type Api = { readonly process: ApiProcess; readonly url: string; readonly address: string };
/** An API process with a proxy between it and PostgreSQL. */
type ProxiedApi = Api & { readonly back: TcpProxy };

/** The running programs that the faults act on. */
export type World = AsyncDisposable & {
  readonly folder: string;
  readonly postgres: PostgresServer;
  readonly redis: RedisProcess;
  /** The two API processes that serve the load. */
  readonly pair: readonly [ProxiedApi, ProxiedApi];
  /** An API with two database connections, which sheds requests at a short queue. */
  readonly small: ProxiedApi;
  /** An API with an embedded PostgreSQL on a disk that can be filled. */
  readonly embedded: Api & {
    readonly disk: SmallDisk;
    openLogUser(): Promise<LogUser>;
    whyNotReady(): Promise<string | null>;
  };
  readonly workers: readonly [WorkerProcess, WorkerProcess];
  /** The disk of the archive, which can be filled. */
  readonly archiveDisk: SmallDisk;
  /** The environment for programs that use the database of the pair. */
  readonly env: NodeJS.ProcessEnv;
  /** The environment for purges: `env`, with short times and no schedule. */
  readonly purgeEnv: NodeJS.ProcessEnv;
  readonly key: string;
  /** The API key of Prometheus, which may only read metrics. */
  readonly scrapeKey: string;
  /** Runs a program of the product to its end, and returns its exit code and output. */
  run(program: Program, args: readonly string[]): Promise<Ran>;
  /** Changes the percentage of a flag, in the database of the pair and in the embedded one. */
  changeFlag(): Promise<void>;
};

type Program = 'verify-sessions' | 'purge-worker' | 'keys' | 'migrate';
const PROGRAMS: Readonly<Record<Program, string>> = {
  'verify-sessions': join(APPS, 'verify-cli/src/main.ts'),
  'purge-worker': join(APPS, 'purge-worker/src/main.ts'),
  keys: join(APPS, 'api/src/keys-cli.ts'),
  migrate: join(APPS, 'api/src/migrate-cli.ts'),
};

const EMBEDDED_DISK_MEGABYTES = 200;
const ARCHIVE_DISK_MEGABYTES = 64;
const notReady = z.looseObject({ why: z.string().nullable() });
/** A schedule that never starts a purge during a run. The checks start all purges. */
const NO_SCHEDULE = '0 0 1 1 *';

/** Starts the real programs of the product, each as a separate process. */
export async function openWorld(folder: string): Promise<World> {
  await mkdir(folder, { recursive: true });
  await using resources = new AsyncDisposableStack();
  const databasePort = await freePort();
  const postgres = createPostgresServer({
    dataDir: join(folder, 'postgres'),
    port: databasePort,
    keeper: 'campaign',
  });
  await postgres.start();
  resources.defer(() => postgres.stopForGood());
  const redis = createRedisProcess(await freePort(), join(folder, 'redis.log'));
  await redis.start();
  resources.defer(() => redis.end());
  const archiveDisk = resources.use(await mountSmallDisk(ARCHIVE_DISK_MEGABYTES));
  const embeddedDisk = resources.use(await mountSmallDisk(EMBEDDED_DISK_MEGABYTES));

  const env: NodeJS.ProcessEnv = {
    PHASELOCK_DATABASE_URL: postgres.url(),
    PHASELOCK_ARCHIVE_URL: `folder:${join(archiveDisk.path, 'archive')}`,
    PHASELOCK_DATA_DIR: join(folder, 'data'),
    PHASELOCK_LOG_LEVEL: 'warn',
    PHASELOCK_REDIS_URL: `redis://127.0.0.1:${redis.port}`,
  };
  const purgeEnv: NodeJS.ProcessEnv = {
    ...env,
    PHASELOCK_ARCHIVE_AFTER_HOURS: '0',
    PHASELOCK_PURGE_SESSIONS_PER_SECOND: '0',
    PHASELOCK_PURGE_SCHEDULE: NO_SCHEDULE,
    PHASELOCK_PURGE_METRICS_HOST: HOST_WITH_KEY,
  };
  const run: World['run'] = (program, args) =>
    runProgram(PROGRAMS[program], args, program === 'purge-worker' ? purgeEnv : env);
  await runWell(PROGRAMS.migrate, [], env);
  const scopes = 'sessions:read,sessions:write,sessions:replace,archive:read,admin';
  const aKey = async (name: string, may: string): Promise<string> =>
    keyIn((await runWell(PROGRAMS.keys, ['create', '--name', name, '--scopes', may], env)).said);
  const key = await aKey('faults', scopes);
  const scrapeKey = await aKey('prometheus', 'metrics:read');

  const random = createRandom(1);
  const anApi = async (name: string, more: NodeJS.ProcessEnv = {}): Promise<ProxiedApi> => {
    const back = resources.use(await openTcpProxy(databasePort, random.fork(name)));
    const port = await freePort();
    const settings = {
      ...env,
      PHASELOCK_DATABASE_URL: postgres.url(back.port),
      PHASELOCK_HOST: HOST_WITH_KEY,
      PHASELOCK_RATE_LIMIT: '0',
      PHASELOCK_POOL_SIZE: '16',
      ...more,
    };
    const api = createApiProcess({ name, port, folder, env: settings });
    resources.defer(() => api.end('SIGKILL'));
    return { process: api, back, ...at(port) };
  };
  const pair = [await anApi('api-0'), await anApi('api-1')] as const;
  const small = await anApi('api-small', {
    PHASELOCK_POOL_SIZE: '2',
    PHASELOCK_MAX_POOL_WAITING: '8',
  });
  const embeddedPort = await freePort();
  const embeddedData = join(embeddedDisk.path, 'data');
  const embeddedApi = createApiProcess({
    name: 'api-embedded',
    port: embeddedPort,
    folder,
    env: {
      ...env,
      PHASELOCK_DATABASE_URL: undefined,
      PHASELOCK_REDIS_URL: undefined,
      PHASELOCK_ARCHIVE_URL: undefined,
      PHASELOCK_DATA_DIR: embeddedData,
      PHASELOCK_RATE_LIMIT: '0',
      PHASELOCK_AUTH: 'off',
    },
  });
  resources.defer(() => embeddedApi.end('SIGTERM'));
  await Promise.all([...pair, small].map((api) => api.process.start()));
  await embeddedApi.start();
  const embedded: World['embedded'] = {
    process: embeddedApi,
    disk: embeddedDisk,
    ...at(embeddedPort),
    openLogUser: async () => openLogUser(await adminUrlOn(embeddedData)),
    whyNotReady: async () => notReady.parse(await (await fetch(`http://127.0.0.1:${embeddedPort}/readyz`)).json()).why,
  };

  const aWorker = async (name: string): Promise<WorkerProcess> => {
    const worker = createWorkerProcess({ name, folder, port: await freePort(), env: purgeEnv });
    await worker.start();
    resources.defer(() => worker.end('SIGKILL'));
    return worker;
  };
  const workers = [await aWorker('worker-0'), await aWorker('worker-1')] as const;

  // The API with the embedded PostgreSQL is left out, because it runs without authentication on loopback.
  await Promise.all([...pair, small, ...workers].map(({ address }) => mustAskForKey(address)));

  const clients = [createClient({ baseUrl: pair[0].url, key }), createClient({ baseUrl: embedded.url })];
  const setLocking = async (percent: number): Promise<void> => {
    for (const client of clients) {
      const params = { name: 'pessimistic_locking_enabled' } as const;
      await client.setFlag({ params, body: { enabled: true, percent, why: 'faults are made' } });
    }
  };
  // Only with the pessimistic strategy do requests wait for the locks that a fault holds.
  for (const client of clients)
    await client.setFlag({ params: { name: 'locking_strategy' }, body: { enabled: false, why: 'faults are made' } });
  let percent = 100;
  await setLocking(percent);
  const changeFlag = async (): Promise<void> => {
    percent = percent === 100 ? 99 : 100;
    await setLocking(percent);
  };

  const owned = resources.move();
  return {
    folder,
    postgres,
    redis,
    pair,
    small,
    embedded,
    workers,
    archiveDisk,
    env,
    purgeEnv,
    key,
    scrapeKey,
    run,
    changeFlag,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const at = (port: number) => ({ url: `http://127.0.0.1:${port}`, address: `127.0.0.1:${port}` });
