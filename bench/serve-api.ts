import { join, resolve } from 'node:path';
import { spawnNode } from '@phaselock/testkit';
import type { BenchWorld } from './bench-world.ts';

const API = resolve(import.meta.dirname, '../apps/api/src');

export type ServedApi = { readonly url: string; readonly key: string; readonly pid: number };

/** Starts the API as in production, in another process. */
export async function serveApi(world: BenchWorld): Promise<ServedApi> {
  const env = { PHASELOCK_DATABASE_URL: world.databaseUrl, PHASELOCK_LOG_LEVEL: 'warn' };
  const made = world.use(
    spawnNode(join(API, 'keys-cli.ts'), { args: ['create', '--name', 'bench', '--scopes', 'admin'], env }),
  );
  const [key = ''] = (await made.waitForLine(/^plk_\S+/)) ?? [];
  await made.exited;
  const limits = { PHASELOCK_PORT: '0', PHASELOCK_RATE_LIMIT: '100000000' };
  const api = world.use(spawnNode(join(API, 'main.ts'), { env: { ...env, ...limits } }));
  const [, url = ''] = await api.waitForLine(/is up at (\S+)/);
  return { url, key, pid: api.pid };
}
