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

  test('lets one of two servers that confirm at once replace, and the other finds the session', async () => {
    const { guard, world, another } = scene;
    const elsewhere = await another();
    for (let round = 0; round < 10; round += 1) {
      const taskId = await world.task();
      const first = await begin(guard, aStart(taskId));
      const request = aStart(taskId, OPUS, confirmed(shown(first)));
      const outcomes = await Promise.all([guard.start(request), elsewhere.start(request)]);
      // The second start finds a session with the model that it requested.
      expect(outcomes.map(({ kind }) => kind).toSorted()).toEqual(['existing', 'replaced']);
      expect(await allSessions(guard, taskId)).toHaveLength(2);
    }
    expect(await readMetric(guard, 'phaselock_lock_acquisitions_total', { strategy: 'redis' })).toBeGreaterThan(0);
  });

  const heard = (): Promise<number> => readMetric(scene.guard, 'phaselock_invalidation_bus_healthy', { bus: 'redis' });

  test('reports the invalidation bus as healthy', async () => {
    await eventually(async () => expect(await heard()).toBe(1));
    expect(await scene.guard.telemetry.exposition()).not.toContain('bus="postgres"');
  });

  test.skipIf(available.kind !== 'binary')('succeeds while Redis hangs', async () => {
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

  test.skipIf(available.kind !== 'binary')('succeeds when Redis is gone, and reports an unhealthy bus', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    await redis.stop();
    expect(await guard.start(aStart(taskId, OPUS, confirmed(shown(first))))).toMatchObject({ kind: 'replaced' });
    expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({ kind: 'existing' });
    // The gauge changes although no command was sent to Redis since.
    await eventually(async () => expect(await heard()).toBe(0));
  });
});
