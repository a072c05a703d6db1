import { delimiter, join, resolve } from 'node:path';
import { findProgram, type SpawnedNode, spawnNode } from '@phaselock/testkit';
import { childrenOf } from '../../apps/api/test/shared-data.ts';
import { startNginx } from './start-nginx.ts';

/** One way to run the API: its URL, and the ids of the processes whose CPU time is counted. */
export type Way = {
  readonly name: string;
  readonly url: string;
  readonly api: readonly number[];
  readonly nginx: readonly number[];
};

/** `notes` are printed: they name the ways that are not measured, and why. */
export type Ways = { readonly key: string; readonly ways: readonly Way[]; readonly notes: readonly string[] };

const API = resolve(import.meta.dirname, '../../apps/api/src');

/**
 * Starts all ways on one database: one process, two workers, and two replicas behind nginx. They run at the same time,
 * because the measurements alternate between them; a way that is not being measured uses almost no CPU.
 */
export async function openWays(databaseUrl: string, owned: AsyncDisposableStack): Promise<Ways> {
  const env = { PHASELOCK_DATABASE_URL: databaseUrl, PHASELOCK_LOG_LEVEL: 'warn' };
  const start = async (workers: number): Promise<Omit<Way, 'name' | 'nginx'>> => {
    const api = owned.use(
      spawnNode(join(API, 'main.ts'), {
        env: {
          ...env,
          PHASELOCK_PORT: '0',
          PHASELOCK_METRICS_PORT: '0',
          PHASELOCK_RATE_LIMIT: '0',
          PHASELOCK_WORKERS: String(workers),
        },
      }),
    );
    const [, url = ''] = await api.waitForLine(/is up at (\S+)/);
    return { url, api: [api.pid, ...(await childrenOf(api.pid))] };
  };
  const key = await makeKey(env);
  const ways: Way[] = [
    { name: 'one process', ...(await start(1)), nginx: [] },
    { name: 'two workers', ...(await start(2)), nginx: [] },
  ];
  const nginx = findProgram(['nginx'], { PATH: `${process.env.PATH}${delimiter}/usr/sbin` });
  if (nginx === undefined) return { key, ways, notes: ['nginx is not installed: two replicas are not measured'] };
  const replicas = [await start(1), await start(1)];
  const balancer = owned.use(
    await startNginx(
      nginx,
      replicas.map(({ url }) => url),
    ),
  );
  const api = replicas.flatMap((replica) => replica.api);
  return {
    key,
    notes: [],
    ways: [...ways, { name: 'two replicas, nginx', url: balancer.url, api, nginx: balancer.pids }],
  };
}

async function makeKey(env: NodeJS.ProcessEnv): Promise<string> {
  await using made: SpawnedNode = spawnNode(join(API, 'keys-cli.ts'), {
    args: ['create', '--name', 'bench', '--scopes', 'admin'],
    env,
  });
  const [key] = await made.waitForLine(/^plk_\S+/);
  await made.exited;
  return key;
}
