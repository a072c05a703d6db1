import { randomUUID } from 'node:crypto';
import { parseAgentSessionId } from '@phaselock/core';
import type { OpenGuard, StartTurn } from '@phaselock/guard';
import { type BenchWorld, modelOf, type Strategy, slotOf } from '../bench-world.ts';
import type { Operation } from '../measure.ts';
import { confirmedReplace } from '../scenarios/replace.ts';

export type GroupLoad = {
  readonly name: string;
  readonly strategy: Strategy;
  readonly clients: number;
  /** The least ratio of the rate in groups and the rate of single statements. */
  readonly goal: number;
  prepare(world: BenchWorld, guard: OpenGuard, clients: number): Promise<Operation>;
};

const replace: GroupLoad['prepare'] = async (world, guard, clients) =>
  confirmedReplace(guard, await world.tasks(clients));

/** A session for each client, of which each has an attempt. */
const sessions = async (world: BenchWorld, guard: OpenGuard, clients: number): Promise<StartTurn[]> =>
  await Promise.all(
    (await world.tasks(clients)).map(async (taskId) => {
      const attemptId = await world.attempt(taskId);
      const started = await guard.start({ ...slotOf(taskId), model: modelOf(0) });
      if (started.kind !== 'created') throw new Error(`created was expected, not ${started.kind}`);
      return { attemptId, sessionId: started.session.id, generation: started.session.generation };
    }),
  );

async function tokenOfTurn(guard: OpenGuard, at: StartTurn) {
  const turn = await guard.startTurn(at);
  if (turn.kind !== 'started') throw new Error(`a started turn was expected, not ${turn.kind}`);
  return { sessionId: at.sessionId, generation: at.generation, processId: turn.processId };
}

const placeOf = <Place>(places: readonly Place[], client: number): Place => {
  const place = places[client];
  if (place === undefined) throw new Error('the benchmark has no such client');
  return place;
};

const turn: GroupLoad['prepare'] = async (world, guard, clients) => {
  const places = await sessions(world, guard, clients);
  const ids = places.map(() => parseAgentSessionId(randomUUID()));
  return async (client) => {
    const token = await tokenOfTurn(guard, placeOf(places, client));
    const agentSessionId = placeOf(ids, client);
    await guard.finishTurn({ ...token, ending: 'completed', ...(agentSessionId && { agentSessionId }) });
    return true;
  };
};

const heartbeat: GroupLoad['prepare'] = async (world, guard, clients) => {
  const places = await sessions(world, guard, clients);
  const tokens = await Promise.all(places.map((at) => tokenOfTurn(guard, at)));
  return async (client) => {
    const answer = await guard.heartbeat(placeOf(tokens, client));
    if (answer.kind !== 'continue') throw new Error(`the turn was stopped: ${answer.why}`);
    return true;
  };
};

export const groupLoads = (clients: number): readonly GroupLoad[] => [
  { name: 'replace', strategy: 'optimistic', clients: 1, goal: 0.97, prepare: replace },
  { name: 'replace', strategy: 'optimistic', clients, goal: 1.6, prepare: replace },
  { name: 'replace, pessimistic', strategy: 'pessimistic', clients: 1, goal: 0.97, prepare: replace },
  { name: 'replace, pessimistic', strategy: 'pessimistic', clients, goal: 1.6, prepare: replace },
  { name: 'turn, begun and finished', strategy: 'optimistic', clients, goal: 1.3, prepare: turn },
  { name: 'heartbeat', strategy: 'optimistic', clients, goal: 3, prepare: heartbeat },
];
