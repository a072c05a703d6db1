import { spawnSync } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { mountSmallDisk, type SmallDisk } from '@phaselock/testkit';
import { createRandom } from '../../../../chaos/random.ts';
import { type ApiProcess, createApiProcess } from '../../../../chaos/world/api-process.ts';
import { createPostgresServer, type PostgresServer } from '../../../../chaos/world/postgres-server.ts';
import { createRedisProcess, type RedisProcess } from '../../../../chaos/world/redis-process.ts';
import { aFreePort, openTcpProxy, type TcpProxy } from '../../../../chaos/world/tcp-proxy.ts';
import { createWorkerProcess, type WorkerProcess } from './worker-process.ts';

const ROOT = resolve(import.meta.dirname, '../../../..');
const APPS = join(ROOT, 'apps');

/** An API process, with a proxy between it and PostgreSQL. */
export type Api = { readonly process: ApiProcess; readonly url: string; readonly address: string };
export type ProxiedApi = Api & { readonly back: TcpProxy };

export type World = AsyncDisposable & {
  readonly folder: string;
  readonly postgres: PostgresServer;
  readonly redis: RedisProcess;
  /** The pair that serves the load. */
  readonly pair: readonly [ProxiedApi, ProxiedApi];
  /** One that has two connections, and sheds when four wait for one. */
  readonly small: ProxiedApi;
  /** One with a PostgreSQL of its own, on a disk that can be filled. */
  readonly embedded: Api & { readonly disk: SmallDisk };
  readonly workers: readonly [WorkerProcess, WorkerProcess];
  /** Where sessions are archived: a disk that can be filled. */
  readonly archiveDisk: SmallDisk;
  /** Of a program that is started for one job, on the database of the pair. */
  readonly env: NodeJS.ProcessEnv;
  /** Of a purge, with its paces. */
  readonly purgeEnv: NodeJS.ProcessEnv;
  readonly key: string;
  /** Runs a program of ours to its end, and answers what it said. */
  run(program: Program, args: readonly string[]): { readonly code: number | null; readonly said: string };
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
/** Never during a run: what is purged, a fault decides. */
const NO_SCHEDULE = '0 0 1 1 *';

/** Everything is the product's own program, started as a user starts it. */
export async function openWorld(folder: string): Promise<World> {
  await mkdir(folder, { recursive: true });
  await using resources = new AsyncDisposableStack();
  const databasePort = await aFreePort();
  const postgres = createPostgresServer({
    dataDir: join(folder, 'postgres'),
    port: databasePort,
    keeper: 'campaign',
  });
  await postgres.start();
  resources.defer(() => postgres.stopForGood());
  const redis = createRedisProcess(await aFreePort(), join(folder, 'redis.log'));
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
  };
  const run: World['run'] = (program, args) => {
    const more = program === 'purge-worker' ? purgeEnv : env;
    const ran = spawnSync(process.execPath, [PROGRAMS[program], ...args], {
      env: { ...process.env, ...more },
      encoding: 'utf8',
    });
    return { code: ran.status, said: `${ran.stdout}${ran.stderr}` };
  };
  mustSucceed(run('migrate', []));
  const scopes = 'sessions:read,sessions:write,sessions:replace,archive:read,admin';
  const key = keyIn(mustSucceed(run('keys', ['create', '--name', 'faults', '--scopes', scopes])));

  const random = createRandom(1);
  const anApi = async (name: string, more: NodeJS.ProcessEnv = {}): Promise<ProxiedApi> => {
    const back = resources.use(await openTcpProxy(databasePort, random.fork(name)));
    const port = await aFreePort();
    const settings = {
      ...env,
      PHASELOCK_DATABASE_URL: postgres.url(back.port),
      PHASELOCK_RATE_LIMIT: '0',
      PHASELOCK_POOL_SIZE: '8',
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
    PHASELOCK_POOL_CONNECTION_TIMEOUT_MS: '1000',
  });
  const embeddedPort = await aFreePort();
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

  const aWorker = async (name: string): Promise<WorkerProcess> => {
    const worker = createWorkerProcess({ name, folder, port: await aFreePort(), env: purgeEnv });
    await worker.start();
    resources.defer(() => worker.end('SIGKILL'));
    return worker;
  };
  const workers = [await aWorker('worker-0'), await aWorker('worker-1')] as const;

  const owned = resources.move();
  return {
    folder,
    postgres,
    redis,
    pair,
    small,
    embedded: { process: embeddedApi, disk: embeddedDisk, ...at(embeddedPort) },
    workers,
    archiveDisk,
    env,
    purgeEnv,
    key,
    run,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

const at = (port: number) => ({ url: `http://127.0.0.1:${port}`, address: `127.0.0.1:${port}` });

function mustSucceed({ code, said }: { readonly code: number | null; readonly said: string }): string {
  if (code !== 0) throw new Error(`a program of ours ended with ${code}: ${said}`);
  return said;
}

function keyIn(said: string): string {
  const [key] = /^plk_\S+$/m.exec(said) ?? [];
  if (key === undefined) throw new Error(`no key in: ${said}`);
  return key;
}
