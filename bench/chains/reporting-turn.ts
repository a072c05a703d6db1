import { randomUUID } from 'node:crypto';
import { parseAgentSessionId } from '@phaselock/core';
import { type BenchWorld, modelOf, slotOf } from '../bench-world.ts';
import type { Operation } from '../measure.ts';

const LINES = Array.from({ length: 20 }, (_, line) => ({
  kind: 'stdout' as const,
  line: `${line} ${'a line of output '.repeat(6)}`,
}));
const USAGE = { inputTokens: 1_000, outputTokens: 500, turns: 1, costUsdMicros: 70 } as const;

function newAgentId() {
  const id = parseAgentSessionId(randomUUID());
  if (id === undefined) throw new Error('not an agent session id');
  return id;
}

/** A turn that reports everything: a new id of its conversation, log lines in two parts, and its usage at the end. */
export async function reportingTurn(world: BenchWorld, clients: number): Promise<Operation> {
  const guard = await world.guard('optimistic');
  const places = await Promise.all(
    (await world.tasks(clients)).map(async (taskId) => {
      const attemptId = await world.attempt(taskId);
      const started = await guard.start({ ...slotOf(taskId), model: modelOf(0) });
      if (started.kind !== 'created') throw new Error(`created was expected, not ${started.kind}`);
      return { attemptId, sessionId: started.session.id, generation: started.session.generation };
    }),
  );
  return async (client) => {
    const at = places[client];
    if (at === undefined) throw new Error('the benchmark has no such client');
    const turn = await guard.startTurn(at);
    if (turn.kind !== 'started') throw new Error(`a started turn was expected, not ${turn.kind}`);
    const token = { ...at, processId: turn.processId };
    await guard.reportAgentSession(token, newAgentId());
    await guard.appendLogs(token, LINES);
    await guard.appendLogs(token, LINES);
    await guard.finishTurn({ ...token, ending: 'completed', usage: USAGE });
    return true;
  };
}
