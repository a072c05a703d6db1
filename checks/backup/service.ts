import { chmod, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Client, createClient } from '@phaselock/contract';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '@phaselock/store';
import { freePort, keyIn, type Ran, runProgram, runWell } from '@phaselock/testkit';
import { createApiProcess } from '../../chaos/world/api-process.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PROGRAMS = {
  migrate: join(ROOT, 'apps/api/src/migrate-cli.ts'),
  keys: join(ROOT, 'apps/api/src/keys-cli.ts'),
  purgeWorker: join(ROOT, 'apps/purge-worker/src/main.ts'),
  verifySessions: join(ROOT, 'apps/verify-cli/src/main.ts'),
};
const SCOPES = 'sessions:read,sessions:write,sessions:replace,archive:read,admin';

export type ServiceOptions = {
  readonly name: string;
  readonly folder: string;
  readonly dataDir: string;
  readonly archive: string;
  readonly settings?: Readonly<Record<string, string>>;
  /** The API key of a restored installation. Without a key, the schema and a new key are created. */
  readonly key?: string;
};

export type Service = {
  readonly postgres: EmbeddedPostgres;
  readonly client: Client;
  readonly key: string;
  readonly env: NodeJS.ProcessEnv;
  /** How long PostgreSQL took to start, including recovery, and how long the API then took to become ready. */
  readonly databaseMs: number;
  readonly apiMs: number;
  /** Runs `purge-worker once` for all sessions deleted so far. Throws when the run fails. */
  purgeNow(what: 'archive' | 'archive-and-purge'): Promise<Ran>;
  purgeWorker(...args: readonly string[]): Promise<Ran>;
  audit(): Promise<Ran>;
  stop(): Promise<void>;
  /** Kills the API and the server without a shutdown, as the loss of the machine does. */
  destroy(): Promise<void>;
};

/** Starts PostgreSQL on a data directory, and an API process that uses it. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { name, folder, dataDir, archive, settings } = options;
  await mkdir(dataDir, { recursive: true });
  // When root runs this, the server runs as another user, which must be able to enter the folder.
  await chmod(dataDir, 0o711);
  const since = performance.now();
  const postgres = await startEmbeddedPostgres({ dataDir, ...(settings && { settings }) });
  const databaseMs = performance.now() - since;
  const env: NodeJS.ProcessEnv = {
    PHASELOCK_DATABASE_URL: postgres.url,
    PHASELOCK_ARCHIVE_URL: `folder:${archive}`,
    PHASELOCK_DATA_DIR: join(folder, `${name}-data`),
    PHASELOCK_LOG_LEVEL: 'warn',
    PHASELOCK_RATE_LIMIT: '0',
  };
  const key = options.key ?? (await install(env));
  const port = await freePort();
  const api = createApiProcess({ name, port, folder, env: { ...env, PHASELOCK_MIGRATE: 'off' } });
  const beforeApi = performance.now();
  await api.start();
  const apiMs = performance.now() - beforeApi;
  const purge = (hours: string) =>
    runWell(PROGRAMS.purgeWorker, ['once'], {
      ...env,
      PHASELOCK_ARCHIVE_AFTER_HOURS: '0',
      PHASELOCK_PURGE_AFTER_HOURS: hours,
      PHASELOCK_PURGE_SESSIONS_PER_SECOND: '0',
    });
  return {
    postgres,
    client: createClient({ baseUrl: `http://127.0.0.1:${port}`, key }),
    key,
    env,
    databaseMs,
    apiMs,
    purgeNow: (what) => purge(what === 'archive' ? '720' : '0'),
    purgeWorker: (...args) => runProgram(PROGRAMS.purgeWorker, args, env),
    audit: () => runProgram(PROGRAMS.verifySessions, ['--all', '--deep'], env),
    stop: async () => {
      await api.end('SIGTERM');
      await postgres.stop();
    },
    destroy: async () => {
      await Promise.all([api.end('SIGKILL'), postgres.killHard()]);
    },
  };
}

async function install(env: NodeJS.ProcessEnv): Promise<string> {
  await runWell(PROGRAMS.migrate, [], env);
  const { said } = await runWell(PROGRAMS.keys, ['create', '--name', 'rehearsal', '--scopes', SCOPES], env);
  return keyIn(said);
}
