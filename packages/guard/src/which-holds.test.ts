import {
  aStart,
  aTurn,
  begin,
  eventually,
  OPUS,
  openTestGuard,
  replaceBy,
  runTurn,
  SONNET,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GuardedSession } from './start-outcome.ts';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

describe('a call with a wrong generation gets the current generation', () => {
  const detailOf = async ({ id }: GuardedSession, generation: GuardedSession['generation']): Promise<unknown> =>
    await scene.guard
      .closeSession({ sessionId: id, generation, how: 'stop' })
      .then(() => 'taken')
      .catch((error: unknown) => (error instanceof Error && 'detail' in error ? error.detail : error));

  test('while the session is live, when it was replaced, and when it was deleted', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    const second = await replaceBy(guard, aStart(taskId, OPUS));
    expect(await detailOf(second, first.generation)).toBe('the session has generation 2');
    expect(await detailOf(first, first.generation)).toBe(
      `the session was replaced by ${second.id}; its slot is at generation 2`,
    );
    await guard.softDelete({ sessionId: second.id });
    expect(await detailOf(second, second.generation)).toBe('the session was deleted; its slot is at generation 2');
  });
});

describe('an attempt', () => {
  test('whose turns were purged cannot be deleted, because sessions and events refer to it', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(session, attemptId), `told ${session.id}`);
    // Simulates the purge, without the archive that its triggers require.
    const purge = `delete from processes where attempt_id = '${attemptId}'`;
    await guard.database.pool.pg.query(`begin; set local session_replication_role = replica; ${purge}; commit`);
    await expect(guard.deleteAttempt(attemptId)).rejects.toMatchObject({ code: 'still_in_use' });
    await guard.deleteAttempt(await world.attempt(taskId));
  });
});

describe('the invalidation message of a slot', () => {
  test('names the model of the session that left the slot', async () => {
    const { guard, world } = scene;
    const listener = await guard.database.pool.acquire();
    const told: unknown[] = [];
    listener.on('notification', ({ payload }) => told.push(JSON.parse(payload ?? 'null')));
    await listener.query('listen phaselock_invalidations');
    const server = await scene.another({ invalidation: 'postgres' });
    const taskId = await world.task();
    await begin(server, aStart(taskId, SONNET));
    const second = await replaceBy(server, aStart(taskId, OPUS));
    await eventually(() =>
      expect(told).toContainEqual(expect.objectContaining({ task_id: taskId, model: SONNET, session_id: second.id })),
    );
    listener.removeAllListeners('notification');
    await listener.query('unlisten *');
    listener.release();
  });
});
