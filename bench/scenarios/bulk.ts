import { randomUUID } from 'node:crypto';
import type { ShownSession } from '@phaselock/core';
import { type BenchWorld, MODELS, modelOf, slotOf } from '../bench-world.ts';
import { FLOOR_BULK } from '../floor-functions.ts';
import type { Scenario } from '../scenario.ts';

const SIZE = 1_000;

/** A thousand confirmed replaces in one call; each session counts as one operation. */
export async function bulkScenario(world: BenchWorld): Promise<Omit<Scenario, 'name'>> {
  const guard = await world.guard('optimistic');
  const [ours, theirs] = [await world.tasks(SIZE), await world.tasks(SIZE)];
  await guard.bulkStart(theirs.map((taskId) => ({ ...slotOf(taskId), model: modelOf(0) })));
  let shown: readonly ShownSession[] = [];
  let turn = 0;
  let floorTurn = 0;
  return {
    clients: 1,
    itemsPerOperation: SIZE,
    settle: world.settle,
    ours: async () => {
      turn += 1;
      const outcomes = await guard.bulkStart(
        ours.map((taskId, index) => {
          const seen = shown[index];
          return {
            ...slotOf(taskId),
            model: modelOf(turn),
            ...(seen && { say: { kind: 'replace', shown: seen } as const }),
          };
        }),
      );
      shown = outcomes.flatMap((outcome) =>
        outcome.kind === 'created' || outcome.kind === 'replaced'
          ? [{ sessionId: outcome.session.id, generation: outcome.session.generation }]
          : [],
      );
      if (shown.length !== SIZE) throw new Error(`${SIZE} sessions were expected, not ${shown.length}`);
      return true;
    },
    floor: async () => {
      floorTurn += 1;
      await world.database.query(FLOOR_BULK, [theirs, theirs.map(() => randomUUID()), MODELS[floorTurn % 2]]);
      return true;
    },
  };
}
