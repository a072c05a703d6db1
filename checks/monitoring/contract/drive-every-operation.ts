import { randomInt } from 'node:crypto';
import { eventually } from '@phaselock/testkit';
import { checkedAnswer } from '../../../apps/api/test/contract-fetch.ts';
import type { RunningApi } from '../../../apps/api/test/shared-data.ts';
import { prepareClients, prepareWorld } from '../../../apps/api/test/whole-service/walk/prepare-world.ts';
import { prepareWalk, walk } from '../../../apps/api/test/whole-service/walk/walk.ts';

/** The least number of calls of the random walk. It goes on until each operation of the OpenAPI document was called. */
const CALLS = 300;

export async function driveEveryOperation({ url, key, client }: RunningApi, leaseMs: number): Promise<void> {
  const { body: project } = await client.createProject({ body: { name: 'walked' } });
  const call: Parameters<typeof prepareClients>[0]['call'] = async (method, path, { body } = {}) =>
    await checkedAnswer(
      method,
      path,
      await fetch(`${url}${path}`, {
        method,
        headers: { Authorization: `Bearer ${key}`, 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      }),
    );
  const prepared = await prepareClients({ world: { projectId: project.id }, call });
  const plan = { url, seed: randomInt(1, 1_000_000_000), calls: CALLS, leaseMs, ...prepared };
  const walked = prepareWalk(plan);
  await prepareWorld(walked.turnAt(0));
  const steps = await walk(walked, plan);
  // A stream is counted only when it ends.
  const { streams, clients, memory } = walked.turnAt(steps + 1);
  const [task = ''] = memory.tasks.keys();
  await streams.open(clients.all, 'projectChanges', memory.projects.ours, '0-0', steps);
  await streams.open(clients.all, 'taskChanges', task, '0-0', steps);
  for (const stream of streams.all) stream.close();
  // The walk leaves out the operations for probes and scrapes.
  for (const path of ['/healthz', '/readyz', '/metrics']) await (await fetch(`${url}${path}`)).text();
  const STREAMS_LEFT = /^phaselock_http_streams 0$/m;
  await eventually(async () => STREAMS_LEFT.test(await (await fetch(`${url}/metrics`)).text()), {
    withinMs: 60_000,
    everyMs: 100,
  });
}
