import {
  allSessions,
  aStart,
  begin,
  confirmed,
  eventually,
  lockedBy,
  OPUS,
  openTestGuard,
  type RedisServer,
  readMetric,
  redisAvailable,
  shown,
  startRedis,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const available = redisAvailable();

describe.skipIf(available.kind === 'none')('start with a lease in Redis', () => {
  let redis: RedisServer;
  let scene: TestGuard;
  beforeAll(async () => {
    redis = await startRedis();
    scene = await openTestGuard({ ...lockedBy('redis'), redisUrl: redis.url, invalidation: 'redis' });
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
    await redis[Symbol.asyncDispose]();
  });

  test('two servers that confirm at once: one replaces, and nothing else is lost', async () => {
    const { guard, world, another } = scene;
    const elsewhere = await another();
    for (let round = 0; round < 10; round += 1) {
      const taskId = await world.task();
      const first = await begin(guard, aStart(taskId));
      const request = aStart(taskId, OPUS, confirmed(shown(first)));
      const outcomes = await Promise.all([guard.start(request), elsewhere.start(request)]);
      // The second finds the model it wanted: what it asked for is there already.
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['existing', 'replaced']);
      expect(await allSessions(guard, taskId)).toHaveLength(2);
    }
    expect(await readMetric(guard, 'phaselock_lock_acquisitions_total', { strategy: 'redis' })).toBeGreaterThan(0);
  });

  const heard = (): Promise<number> => readMetric(scene.guard, 'phaselock_invalidation_bus_healthy', { bus: 'redis' });

  test('tells that word of changes arrives', async () => {
    await eventually(async () => expect(await heard()).toBe(1));
    expect(await scene.guard.telemetry.exposition()).not.toContain('bus="postgres"');
  });

  test.skipIf(available.kind !== 'binary')('goes ahead while Redis hangs: PostgreSQL decides alone', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    redis.pause();
    try {
      expect(await guard.start(aStart(taskId, OPUS, confirmed(shown(first))))).toMatchObject({ kind: 'replaced' });
    } finally {
      redis.resume();
    }
  });

  test.skipIf(available.kind !== 'binary')('goes ahead when Redis is gone', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    await redis.stop();
    expect(await guard.start(aStart(taskId, OPUS, confirmed(shown(first))))).toMatchObject({ kind: 'replaced' });
    expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({ kind: 'existing' });
    // Nothing was asked of Redis since, and it is told all the same.
    await eventually(async () => expect(await heard()).toBe(0));
  });
});
