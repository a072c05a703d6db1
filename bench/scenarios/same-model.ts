import { type BenchWorld, modelOf, slotOf } from '../bench-world.ts';
import { SELECT_ONE } from '../floor-functions.ts';
import type { Scenario } from '../scenario.ts';

/** Every slot has its session: the answer is always the one that is there. */
export async function sameModelScenario(
  world: BenchWorld,
  { clients, cold }: { clients: number; cold: boolean },
): Promise<Omit<Scenario, 'name'>> {
  const guard = await world.guard('optimistic');
  // More slots than the memory keeps are always cold; one for each client is always warm, but for a read every two seconds.
  const keys = await world.tasks(cold ? 12_000 : clients);
  await startAll(world, keys);
  let next = 0;
  return {
    clients,
    ours: async (client) => {
      const taskId = cold ? keys[next++ % keys.length] : keys[client];
      if (taskId === undefined) throw new Error('the bench has no such key');
      const outcome = await guard.start({ ...slotOf(taskId), model: modelOf(0) });
      if (outcome.kind !== 'existing') throw new Error(`existing was expected, not ${outcome.kind}`);
      return true;
    },
    floor: async () => (await world.database.query(SELECT_ONE, [])).length === 1,
  };
}

async function startAll(world: BenchWorld, keys: readonly Parameters<typeof slotOf>[0][]): Promise<void> {
  const guard = await world.guard('optimistic');
  for (let at = 0; at < keys.length; at += 1_000) {
    await guard.bulkStart(keys.slice(at, at + 1_000).map((taskId) => ({ ...slotOf(taskId), model: modelOf(0) })));
  }
}
