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

/** Knows the catalogue, as any server does that has been up for a moment, and nothing of the task. */
async function coldServer(strategy: string): Promise<OpenGuard> {
  const server = await scene.another(lockedBy(strategy));
  await begin(server, aStart(await scene.world.task()));
  return server;
}

describe.each(['pessimistic', 'optimistic', 'redis'])('round trips, %s', (strategy) => {
  test('a replace takes two from a cold cache', async () => {
    const taskId = await scene.world.task();
    const first = await begin(scene.guard, aStart(taskId));
    const server = await coldServer(strategy);
    const counted = await countQueries(server, async () => {
      const outcome = await server.start(aStart(taskId, OPUS, confirmed(shown(first))));
      expect(outcome).toMatchObject({ kind: 'replaced' });
    });
    expect(counted.roundTrips).toBeLessThanOrEqual(2);
  });

  test('a replace takes one from a warm cache, two where a lock is taken first', async () => {
    const server = await coldServer(strategy);
    const taskId = await scene.world.task();
    const first = await begin(server, aStart(taskId));
    const counted = await countQueries(server, async () => {
      await server.start(aStart(taskId, OPUS, confirmed(shown(first))));
    });
    expect(counted.roundTrips).toBe(strategy === 'pessimistic' ? 2 : 1);
  });

  test('the same model takes one plain read from a cold cache and none from a warm one', async () => {
    const taskId = await scene.world.task();
    await begin(scene.guard, aStart(taskId));
    const server = await coldServer(strategy);
    const cold = await countQueries(server, () => server.start(aStart(taskId)));
    expect(cold).toEqual({ statements: ['slot_state'], roundTrips: 1 });
    expect(await countQueries(server, () => server.start(aStart(taskId)))).toEqual({ statements: [], roundTrips: 0 });
  });
});

test('the same model writes nothing: no transaction id, no row version, no event', async () => {
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
  // The cold servers warm up on tasks of their own: one event each.
  expect(after).toMatchObject([
    { ...Object(Array.isArray(before) ? before[0] : undefined), events: expect.anything() },
  ]);
  expect(await guard.events(id)).toHaveLength(1);
});

test('a turn takes two round trips, a fresh conversation three', async () => {
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

test('the latest sessions of 1, 100 or 1000 tasks are one query', async () => {
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

test('a page of a list is one query, however long and whatever its models', async () => {
  const { guard, world } = scene;
  const { projectId } = world;
  for (const limit of [1, 50, 200]) {
    const counted = await countQueries(guard, () => guard.list({ projectId }, { limit }));
    expect(counted.statements).toHaveLength(1);
  }
});

test('a thousand starts in bulk take three round trips', async () => {
  const { guard, world } = scene;
  const taskIds = await Promise.all(Array.from({ length: 1000 }, () => world.task()));
  const counted = await countQueries(guard, () => guard.bulkStart(taskIds.map((taskId) => aStart(taskId))));
  expect(counted.roundTrips).toBeLessThanOrEqual(3);
});
