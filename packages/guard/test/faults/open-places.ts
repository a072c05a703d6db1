import { createWorld } from '@phaselock/testkit';
import type { Guard } from '../../src/guard.ts';
import type { Place } from './random-client.ts';

/** Creates slots for clients to compete for, each with an attempt to run turns in. */
export async function openPlaces(guard: Guard, count: number): Promise<readonly [Place, ...Place[]]> {
  const world = await createWorld(guard);
  const open = async (): Promise<Place> => {
    const taskId = await world.task();
    return { slot: { taskId, phase: 'run', mode: 'standard' }, attemptId: await world.attempt(taskId) };
  };
  return [await open(), ...(await Promise.all(Array.from({ length: count - 1 }, open)))];
}
