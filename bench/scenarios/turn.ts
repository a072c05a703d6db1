import { randomUUID } from 'node:crypto';
import { parseAgentSessionId } from '@phaselock/core';
import { type BenchWorld, modelOf, slotOf } from '../bench-world.ts';
import { FLOOR_BEGIN_TURN, FLOOR_FINISH_TURN } from '../floor-functions.ts';
import type { Scenario } from '../scenario.ts';

/**
 * A complete follow-up turn: read the history, decide, begin, finish. It takes three round trips and two flushes; the
 * floor makes the same durable writes in two round trips.
 */
export async function turnScenario(world: BenchWorld, clients: number): Promise<Omit<Scenario, 'name'>> {
  const guard = await world.guard('optimistic');
  const open = async () => {
    const [taskId] = await world.tasks(1);
    if (taskId === undefined) throw new Error('no task was created');
    const attemptId = await world.attempt(taskId);
    const started = await guard.start({ ...slotOf(taskId), model: modelOf(0) });
    if (started.kind !== 'created') throw new Error(`created was expected, not ${started.kind}`);
    const agentSessionId = parseAgentSessionId(randomUUID());
    if (agentSessionId === undefined) throw new Error('not an agent session id');
    return { attemptId, sessionId: started.session.id, generation: started.session.generation, agentSessionId };
  };
  const ours = await Promise.all(Array.from({ length: clients }, open));
  const theirs = await Promise.all(Array.from({ length: clients }, open));
  return {
    clients,
    settle: world.settle,
    ours: async (client) => {
      const at = ours[client] ?? (await open());
      const turn = await guard.startTurn(at);
      if (turn.kind !== 'started') throw new Error(`a started turn was expected, not ${turn.kind}`);
      await guard.finishTurn({
        ...at,
        processId: turn.processId,
        ending: 'completed',
        agentSessionId: at.agentSessionId,
      });
      return true;
    },
    floor: async (client) => {
      const at = theirs[client] ?? (await open());
      const processId = randomUUID();
      await world.database.query(FLOOR_BEGIN_TURN, [at.sessionId, at.attemptId, processId, at.agentSessionId]);
      await world.database.query(FLOOR_FINISH_TURN, [at.sessionId, processId, at.agentSessionId]);
      return true;
    },
  };
}
