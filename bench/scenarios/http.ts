import { resolve } from 'node:path';
import { setFlag } from '@phaselock/store';
import { spawnNode } from '@phaselock/testkit';
import { type BenchWorld, modelOf, slotOf } from '../bench-world.ts';
import { reading, replacing } from '../http-clients.ts';
import { httpLoad } from '../http-load.ts';
import type { Scenario } from '../scenario.ts';
import { serveApi } from '../serve-api.ts';
import { confirmedReplace } from './replace.ts';

const WARM_UP_SECONDS = 4;
const FLOOR_SERVER = resolve(import.meta.dirname, '../../apps/api/bench/floor-server.ts');

/**
 * Reads the latest session from a warm cache. The floor is a plain express route that sends the same bytes behind the
 * same middleware.
 */
export async function httpLatestScenario(world: BenchWorld, clients: number): Promise<Omit<Scenario, 'name'>> {
  const { url, key } = await serveApi(world);
  const guard = await world.guard('optimistic');
  const [taskId = missing()] = await world.tasks(1);
  await guard.start({ ...slotOf(taskId), model: modelOf(0) });
  const path = `/v1/tasks/${taskId}/sessions/latest?phase=run`;
  const answer = await fetch(`${url}${path}`, { headers: { Authorization: `Bearer ${key}` } });
  if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
  const floor = world.use(spawnNode(FLOOR_SERVER, { env: { FLOOR_BODY: await answer.text(), FLOOR_KEY: key } }));
  const [, floorUrl = ''] = await floor.waitForLine(/is up at (\S+)/);
  return {
    clients,
    warmUpSeconds: WARM_UP_SECONDS,
    ours: httpLoad({ url, key, client: reading(path) }),
    floor: httpLoad({ url: floorUrl, key, client: reading('/floor') }),
  };
}

/** A confirmed replace over HTTP. The floor is the same calls through the library in this process. */
export async function httpReplaceScenario(world: BenchWorld, clients: number): Promise<Omit<Scenario, 'name'>> {
  // The library sends invalidations to other processes as the API does, so both do the same work.
  const guard = await world.guard('optimistic', { invalidation: 'postgres' });
  await setFlag(guard.database, { name: 'pessimistic_locking_enabled', enabled: false, actor: 'bench' });
  const { url, key } = await serveApi(world);
  const [keys, floorKeys] = [await world.tasks(clients), await world.tasks(clients)];
  for (const taskId of [...keys, ...floorKeys]) await guard.start({ ...slotOf(taskId), model: modelOf(0) });
  return {
    clients,
    warmUpSeconds: WARM_UP_SECONDS,
    ours: httpLoad({ url, key, client: (index) => replacing(keys[index % keys.length] ?? missing()) }),
    floor: confirmedReplace(guard, floorKeys),
    settle: world.settle,
  };
}

function missing(): never {
  throw new Error('the benchmark has no such key');
}
