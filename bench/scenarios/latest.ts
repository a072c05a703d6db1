import { type BenchWorld, modelOf, slotOf } from '../bench-world.ts';
import { SELECT_BY_KEY } from '../floor-functions.ts';
import type { Scenario } from '../scenario.ts';

/** The latest session of many tasks in one query. The floor reads the same number of rows by primary key. */
export async function latestScenario(
  world: BenchWorld,
  { clients, count }: { clients: number; count: number },
): Promise<Omit<Scenario, 'name'>> {
  const guard = await world.guard('optimistic');
  const tasks = await world.tasks(count);
  const outcomes = await guard.bulkStart(tasks.map((taskId) => ({ ...slotOf(taskId), model: modelOf(0) })));
  const ids = outcomes.flatMap((outcome) => (outcome.kind === 'created' ? [outcome.session.id] : []));
  return {
    clients,
    ours: async () => (await guard.latestMany(tasks)).length === count,
    floor: async () => (await world.database.query(SELECT_BY_KEY, [ids])).length === count,
  };
}
