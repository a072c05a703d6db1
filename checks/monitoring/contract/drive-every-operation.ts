import { randomInt } from 'node:crypto';
import { prepareClients, prepareWorld } from '../../../apps/api/src/proof/walk/prepare-world.ts';
import { prepareWalk, walk } from '../../../apps/api/src/proof/walk/walk.ts';
import { checkedAnswer } from '../../../apps/api/src/testing/contract-fetch.ts';
import type { RunningApi } from '../../../apps/api/src/testing/shared-data.ts';

/** A walk of this many calls, and then as many as it takes until each operation of the document was called. */
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
  const { streams } = walked.turnAt(steps + 1);
  for (const stream of streams.all) stream.close();
  // The walk leaves out what machines ask.
  for (const path of ['/healthz', '/readyz', '/metrics']) await (await fetch(`${url}${path}`)).text();
}
