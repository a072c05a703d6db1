import { join } from 'node:path';
import { ERRORS } from '@phaselock/core';
import { prepareDatabase } from '@phaselock/guard';
import { startEmbeddedPostgres } from '@phaselock/store';
import { createTestDatabase, createWorld, eventually, startRedis, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { field, textField } from '../fields.ts';
import { openTestApi } from '../open-test-api.ts';
import { redisTest } from '../redis-test.ts';
import { putLoadOn } from './load.ts';
import { lostOf } from './lost.ts';

const OUTAGE_MS = Number(process.env.PHASELOCK_TEST_OUTAGE_MS ?? 2_000);

test('without PostgreSQL, returns 503 and not ready but stays alive, and recovers without a restart', async () => {
  await using directory = await temporaryDirectory();
  const start = () => startEmbeddedPostgres({ dataDir: join(directory.path, 'data'), settings: { fsync: 'off' } });
  const first = await start();
  await prepareDatabase(first.url);
  await using api = await openTestApi({ PHASELOCK_DEADLINE_MS: '2000' }, first.url);
  const taskIds = await Promise.all(Array.from({ length: 10 }, () => api.world.task()));
  const load = putLoadOn({ url: api.api.url, key: api.key, taskIds, clients: 10 });
  await eventually(() => load.acknowledged.length > 100);

  await first.killHard();
  await eventually(async () => expect((await api.call('GET', '/readyz')).body).toMatchObject({ why: 'database' }));
  await eventually(() => (load.problems.get('backend_unavailable') ?? 0) > 20);
  const refused = await api.call('POST', '/v1/sessions', {
    body: { taskId: taskIds[0], phase: 'plan', model: { agent: 'claude-code', model: 'claude-sonnet-4-5' } },
  });
  expect(refused.body).toMatchObject({ code: 'backend_unavailable', title: ERRORS.backend_unavailable.text });
  expect(refused.status).toBe(503);
  expect(refused.headers.get('retry-after')).toBe('1');
  expect((await api.call('GET', '/healthz')).status).toBe(200);
  const since = performance.now();
  await eventually(() => performance.now() - since > OUTAGE_MS, { withinMs: OUTAGE_MS + 5_000 });

  await using second = await start();
  expect(second.url).toBe(first.url);
  await eventually(async () => expect((await api.call('GET', '/readyz')).body).toMatchObject({ status: 'ready' }));
  const before = load.acknowledged.length;
  await eventually(() => load.acknowledged.length > before + 100, { withinMs: 30_000 });
  await load.stop();
  expect(
    [...load.problems.keys()].filter((code) => ['unexpected', 'session_create_failed', 'network'].includes(code)),
  ).toEqual([]);
  expect(await lostOf(api.api.guard, load.acknowledged)).toEqual([]);
}, 120_000);

redisTest(
  'serves requests without errors while Redis is down, hangs or returns',
  async () => {
    await using redis = await startRedis();
    await using api = await openTestApi({ PHASELOCK_REDIS_URL: redis.url });
    await api.call('PUT', '/v1/admin/flags/pessimistic_locking_enabled', { body: { enabled: false } });
    await api.call('PUT', '/v1/admin/flags/locking_strategy', { body: { enabled: true, value: 'redis' } });
    const taskIds = await Promise.all(Array.from({ length: 10 }, () => api.world.task()));
    const load = putLoadOn({ url: api.api.url, key: api.key, taskIds, clients: 10 });
    const more = async (): Promise<void> => {
      const before = load.acknowledged.length;
      await eventually(() => load.acknowledged.length > before + 100, { withinMs: 30_000 });
    };
    await more();
    redis.pause();
    await more();
    redis.resume();
    await more();
    await redis.stop();
    await more();
    await load.stop();
    expect([...load.problems]).toEqual([]);
    expect(await lostOf(api.api.guard, load.acknowledged)).toEqual([]);
  },
  120_000,
);

redisTest(
  'shows a replacement made by one process in another within the time limit, and never decides on the old state',
  async () => {
    await using database = await createTestDatabase();
    await using redis = await startRedis();
    const env = { PHASELOCK_REDIS_URL: redis.url };
    await using one = await openTestApi(env, database.url);
    await createWorld(one.api.guard);
    await using two = await openTestApi(env, database.url);
    const model = (name: string) => ({ agent: 'claude-code', model: name });

    for (let round = 0; round < 30; round += 1) {
      const taskId = await one.world.task();
      const latest = `/v1/tasks/${taskId}/sessions/latest?phase=run`;
      const first = await one.call('POST', '/v1/sessions', {
        body: { taskId, phase: 'run', model: model('claude-sonnet-4-5') },
      });
      // Both processes have the session in their caches now.
      await Promise.all([one.call('GET', latest), two.call('GET', latest)]);
      const asked = await two.call('POST', '/v1/sessions', {
        body: { taskId, phase: 'run', model: model('claude-opus-4-5') },
      });
      const confirm = field(asked.body, 'confirm');
      const replaced = await one.call('POST', '/v1/sessions', {
        body: { taskId, phase: 'run', model: model('claude-opus-4-5'), confirm },
      });
      const id = textField(replaced.body, 'session.id');
      expect(id).not.toBe(textField(first.body, 'session.id'));
      // The writing process sees the change at once. The other one sees it after the invalidation, or when its snapshot
      // is two seconds old.
      expect(textField((await one.call('GET', latest)).body, 'session.id')).toBe(id);
      const late = await two.call('POST', '/v1/sessions', {
        body: { taskId, phase: 'run', model: model('claude-haiku-4-5'), confirm },
      });
      expect(late.body).toMatchObject({ code: 'session_moved_on' });
      await eventually(async () => expect(textField((await two.call('GET', latest)).body, 'session.id')).toBe(id), {
        withinMs: 2_500,
      });
    }
  },
  60_000,
);
