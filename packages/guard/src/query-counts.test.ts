import {
  aStart,
  aTurn,
  begin,
  confirmed,
  countQueries,
  lockedBy,
  OPUS,
  openTestGuard,
  runTurn,
  shown,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenGuard } from './open-guard.ts';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** A server that has cached the catalogue, as after a moment of work, but nothing of the task. */
async function coldServer(strategy: string): Promise<OpenGuard> {
  const server = await scene.another(lockedBy(strategy));
  await begin(server, aStart(await scene.world.task()));
  return server;
}

describe.each(['pessimistic', 'optimistic', 'redis'])('round trips, %s', (strategy) => {
  test('a replacement takes at most two with a cold cache', async () => {
    const taskId = await scene.world.task();
    const first = await begin(scene.guard, aStart(taskId));
    const server = await coldServer(strategy);
    const counted = await countQueries(server, async () => {
      const outcome = await server.start(aStart(taskId, OPUS, confirmed(shown(first))));
      expect(outcome).toMatchObject({ kind: 'replaced' });
    });
    expect(counted.roundTrips).toBeLessThanOrEqual(2);
  });

  test('a replacement takes one with a warm cache, or two with a pessimistic lock', async () => {
    const server = await coldServer(strategy);
    const taskId = await scene.world.task();
    const first = await begin(server, aStart(taskId));
    const counted = await countQueries(server, async () => {
      await server.start(aStart(taskId, OPUS, confirmed(shown(first))));
    });
    expect(counted.roundTrips).toBe(strategy === 'pessimistic' ? 2 : 1);
  });

  test('a start with the same model takes one plain read with a cold cache, none with a warm one', async () => {
    const taskId = await scene.world.task();
    await begin(scene.guard, aStart(taskId));
    const server = await coldServer(strategy);
    const cold = await countQueries(server, () => server.start(aStart(taskId)));
    expect(cold).toEqual({ statements: ['slot_state'], roundTrips: 1 });
    expect(await countQueries(server, () => server.start(aStart(taskId)))).toEqual({ statements: [], roundTrips: 0 });
  });
});

test('a start with the same model writes nothing: no transaction id, no row version, no event', async () => {
  const { guard, world } = scene;
  const taskId = await world.task();
  const { id } = await begin(guard, aStart(taskId));
  const versions = async (): Promise<unknown> => {
    const { rows } = await guard.database.pool.pg.query(
      `select s.xmin as session, l.xmin as slot, l.xmax as locker, (select count(*) from session_events) as events
       from sessions s join slots l using (task_id, phase, mode) where s.id = $1`,
      [id],
    );
    return rows;
  };
  const before = await versions();
  for (let time = 0; time < 5; time += 1) await (await coldServer('pessimistic')).start(aStart(taskId));
  const after = await versions();
  // Each cold server has created a session of its own, which adds one event.
  expect(after).toMatchObject([
    { ...Object(Array.isArray(before) ? before[0] : undefined), events: expect.anything() },
  ]);
  expect(await guard.events(id)).toHaveLength(1);
});

test('a turn takes two round trips, one with a fresh conversation at most three', async () => {
  const { world } = scene;
  const server = await coldServer('optimistic');
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(server, aStart(taskId));
  const counted = await countQueries(server, () => server.startTurn(aTurn(session, attemptId)));
  expect(counted).toEqual({ statements: ['turn_state', 'begin_turn'], roundTrips: 2 });
  const other = await begin(server, aStart(await world.task()));
  const otherAttempt = await world.attempt(other.slot.taskId);
  await runTurn(server, aTurn(other, otherAttempt), `conversation of ${other.id}`);
  const fresh = await countQueries(server, () => server.startTurn(aTurn(other, otherAttempt, { skipContext: true })));
  expect(fresh.roundTrips).toBeLessThanOrEqual(3);
});

test('the latest sessions of 1, 100 or 1000 tasks take one query', async () => {
  const { guard, world } = scene;
  const taskIds = await Promise.all(Array.from({ length: 1000 }, () => world.task()));
  await guard.bulkStart(taskIds.map((taskId) => aStart(taskId)));
  for (const many of [1, 100, 1000]) {
    const counted = await countQueries(guard, async () => {
      expect(await guard.latestMany(taskIds.slice(0, many))).toHaveLength(many);
    });
    expect(counted).toEqual({ statements: ['latest_sessions'], roundTrips: 1 });
  }
});

test('a page of the session list takes one query, whatever its length', async () => {
  const { guard, world } = scene;
  const { projectId } = world;
  for (const limit of [1, 50, 200]) {
    const counted = await countQueries(guard, () => guard.list({ projectId }, { limit }));
    expect(counted.statements).toHaveLength(1);
  }
});

test('a bulk start of 1000 items takes at most three round trips', async () => {
  const { guard, world } = scene;
  const taskIds = await Promise.all(Array.from({ length: 1000 }, () => world.task()));
  const counted = await countQueries(guard, () => guard.bulkStart(taskIds.map((taskId) => aStart(taskId))));
  expect(counted.roundTrips).toBeLessThanOrEqual(3);
});
