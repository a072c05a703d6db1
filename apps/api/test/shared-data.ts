import { execFile } from 'node:child_process';
import { readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type Client, createClient } from '@phaselock/contract';
import { type SpawnedNode, spawnNode } from '@phaselock/testkit';

const MAIN = resolve(import.meta.dirname, '../src/main.ts');

export type RunningApi = AsyncDisposable & {
  readonly process: SpawnedNode;
  readonly url: string;
  readonly key: string;
  readonly client: Client;
  whyNotReady(): Promise<string | null>;
};

/**
 * Starts the service as from the command line, on an embedded server in the directory, which several services may
 * share.
 */
export async function startOnData(dataDir: string, env: Readonly<Record<string, string>> = {}): Promise<RunningApi> {
  const api = spawnNode(MAIN, {
    env: {
      PHASELOCK_PORT: '0',
      PHASELOCK_DATABASE_URL: undefined,
      PHASELOCK_DATA_DIR: dataDir,
      PHASELOCK_RATE_LIMIT: '0',
      PHASELOCK_LOG_LEVEL: 'warn',
      PHASELOCK_DEADLINE_MS: '1500',
      PHASELOCK_MAX_EVENT_LOOP_DELAY_MS: '60000',
      ...env,
    },
  });
  const [, url = ''] = await api.waitForLine(/is up at (\S+)/);
  const key = (await readFile(join(dataDir, 'api-key'), 'utf8')).trim();
  return {
    process: api,
    url,
    key,
    client: createClient({ baseUrl: url, key }),
    whyNotReady: async () => {
      const { why }: { readonly why: string | null } = JSON.parse(await (await fetch(`${url}/readyz`)).text());
      return why;
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

/** The process id of the PostgreSQL server in the directory. */
export async function postmasterOn(dataDir: string): Promise<number> {
  const cluster = await realpath(join(dataDir, 'cluster'));
  return Number((await readFile(join(cluster, 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

/** The superuser's connection URL of that server. */
export async function adminUrlOn(dataDir: string): Promise<string> {
  const [port, password] = await Promise.all(['port', 'password'].map((name) => readFile(join(dataDir, name), 'utf8')));
  return `postgres://postgres:${password}@127.0.0.1:${port}/postgres`;
}

/** The child processes of a process, such as the backends of PostgreSQL. */
export async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-axo', 'pid=,ppid=']);
  return stdout.split('\n').flatMap((line) => {
    const [child = 0, parent = 0] = line.trim().split(/\s+/).map(Number);
    return parent === pid ? [child] : [];
  });
}
