import type { TurnToken } from '@phaselock/guard';
import { type BenchWorld, modelOf, slotOf } from '../bench-world.ts';

export type RunningTurn = TurnToken;

const AT_ONCE = 100;
/** Long enough for all turns to begin. The first heartbeat replaces it by the lease of the API. */
const FIRST_LEASE_MS = 600_000;

/** Begins a turn in a session of its own for each runner. */
export async function runningTurns(world: BenchWorld, runners: number): Promise<RunningTurn[]> {
  const guard = await world.guard('optimistic', { settings: { leaseMs: FIRST_LEASE_MS } });
  const turns: RunningTurn[] = [];
  while (turns.length < runners) {
    const tasks = await world.tasks(Math.min(AT_ONCE, runners - turns.length));
    const begun = tasks.map(async (taskId) => {
      const attemptId = await world.attempt(taskId);
      const started = await guard.start({ ...slotOf(taskId), model: modelOf(0) });
      if (started.kind !== 'created') throw new Error(`created was expected, not ${started.kind}`);
      const { id: sessionId, generation } = started.session;
      const turn = await guard.startTurn({ attemptId, sessionId, generation });
      if (turn.kind !== 'started') throw new Error(`a started turn was expected, not ${turn.kind}`);
      return { sessionId, generation, processId: turn.processId };
    });
    turns.push(...(await Promise.all(begun)));
  }
  return turns;
}
