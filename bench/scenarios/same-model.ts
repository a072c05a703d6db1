import { countQueries } from '@phaselock/testkit';
import { type BenchWorld, modelOf, slotOf } from '../bench-world.ts';
import { SELECT_ONE } from '../floor-functions.ts';
import type { Operation } from '../measure.ts';
import type { Scenario } from '../scenario.ts';

/**
 * More slots than the cache holds, so every read is a cache miss. With one slot per client every read is a hit, except
 * for one reload every two seconds.
 */
const SLOTS_TOO_MANY = 12_000;

/** A start in a slot that has a session with the same model: the response is always the existing session. */
export async function sameModelScenario(
  world: BenchWorld,
  { clients, cold }: { clients: number; cold: boolean },
): Promise<Omit<Scenario, 'name'>> {
  const guard = await world.guard('optimistic');
  const keys = await world.tasks(cold ? SLOTS_TOO_MANY : clients);
  await startAll(world, keys);
  let next = 0;
  const ours: Operation = async (client) => {
    const taskId = cold ? keys[next++ % keys.length] : keys[client];
    if (taskId === undefined) throw new Error('the benchmark has no such key');
    const outcome = await guard.start({ ...slotOf(taskId), model: modelOf(0) });
    if (outcome.kind !== 'existing') throw new Error(`existing was expected, not ${outcome.kind}`);
    return true;
  };
  const eachClient = () => Promise.all(Array.from({ length: clients }, (_, client) => ours(client)));
  return {
    clients,
    ours,
    floor: async () => (await world.database.query(SELECT_ONE, [])).length === 1,
    check: async () => {
      await eachClient();
      const { statements } = await countQueries(guard, eachClient);
      const expected = cold ? clients : 0;
      if (statements.length !== expected)
        throw new Error(`${expected} queries were expected in ${clients} starts, not ${statements.length}`);
      return `${statements.length} queries in ${clients} starts`;
    },
  };
}

async function startAll(world: BenchWorld, keys: readonly Parameters<typeof slotOf>[0][]): Promise<void> {
  const guard = await world.guard('optimistic');
  for (let at = 0; at < keys.length; at += 1_000) {
    await guard.bulkStart(keys.slice(at, at + 1_000).map((taskId) => ({ ...slotOf(taskId), model: modelOf(0) })));
  }
}
