import { randomUUID } from 'node:crypto';
import type { ShownSession, TaskId } from '@phaselock/core';
import type { OpenGuard } from '@phaselock/guard';
import type { Database } from '@phaselock/store';
import { type BenchWorld, MODELS, modelOf, type Strategy, slotOf } from '../bench-world.ts';
import { FLOOR_REPLACE } from '../floor-functions.ts';
import type { Operation } from '../measure.ts';
import type { Scenario } from '../scenario.ts';

type Known = { readonly shown: ShownSession; readonly turn: number };

/**
 * A confirmed replace that names the session last shown. If the slot has moved on, the next attempt confirms the
 * session that the response shows.
 */
export function confirmedReplace(guard: OpenGuard, keys: readonly TaskId[]): Operation {
  const known = new Map<number, Known>();
  return async (client) => {
    const taskId = keys[client % keys.length] ?? missing();
    const before = known.get(client);
    const turn = (before?.turn ?? 0) + 1;
    const say = before === undefined ? undefined : ({ kind: 'replace', shown: before.shown } as const);
    const outcome = await guard.start({ ...slotOf(taskId), model: modelOf(turn), actor: 'bench', ...(say && { say }) });
    if (outcome.kind === 'refused' && outcome.code === 'model_missing')
      throw new Error('the benchmark has no such model');
    const { session } = outcome;
    known.set(client, {
      shown: { sessionId: session.id, generation: session.generation },
      turn: MODELS.indexOf(nameOf(session.identity.model)),
    });
    return outcome.kind === 'replaced';
  };
}

const nameOf = (model: string | null) => MODELS.find((name) => name === model) ?? missing();

function floorReplace(database: Database, keys: readonly TaskId[]): Operation {
  let turn = 0;
  return async (client) => {
    turn += 1;
    const values = [
      keys[client % keys.length],
      'run',
      'standard',
      randomUUID(),
      'claude-code',
      MODELS[turn % 2],
      '{}',
      'bench',
    ];
    await database.query(FLOOR_REPLACE, values);
    return true;
  };
}

export type ReplaceShape = {
  readonly strategy: Strategy;
  readonly clients: number;
  readonly hotKeys?: number;
  readonly redisUrl?: string;
};

export async function replaceScenario(
  world: BenchWorld,
  { strategy, clients, hotKeys, redisUrl }: ReplaceShape,
): Promise<Omit<Scenario, 'name'>> {
  const guard = await world.guard(strategy, redisUrl === undefined ? {} : { redisUrl });
  const keys = await world.tasks(hotKeys ?? clients);
  // The floor uses separate slots, so that its writes do not invalidate the snapshots of the guard.
  const floorKeys = await world.tasks(hotKeys ?? clients);
  for (const taskId of [...keys, ...floorKeys]) await guard.start({ ...slotOf(taskId), model: modelOf(0) });
  return {
    clients,
    ours: confirmedReplace(guard, keys),
    floor: floorReplace(world.database, floorKeys),
    settle: world.settle,
  };
}

function missing(): never {
  throw new Error('the benchmark has no such key');
}
