import { ERRORS } from '@phaselock/core';
import {
  aStart,
  begin,
  confirmed,
  eventually,
  holdSlot,
  lockedBy,
  OPUS,
  openTestGuard,
  readMetric,
  SONNET,
  shown,
  stopAt,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RACEPOINTS } from './racepoints.ts';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

const lockMetric = (guard: TestGuard['guard'], what: string, strategy: string): Promise<number> =>
  readMetric(guard, `phaselock_lock_${what}_total`, { strategy });

test.each(['pessimistic', 'optimistic', 'redis'])(
  '%s: a start gives up on a slot held by another server before its deadline, and is counted',
  async (strategy) => {
    const { world, another, databaseUrl } = scene;
    const guard = await another({ ...lockedBy(strategy), settings: { deadlineMs: 600 } });
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    await using holder = await holdSlot(databaseUrl, aStart(taskId));
    await expect(guard.start(aStart(taskId, OPUS, confirmed(shown(first))))).rejects.toMatchObject({
      code: 'session_being_modified',
      message: ERRORS.session_being_modified.text,
      retryable: true,
    });
    expect(await lockMetric(guard, 'timeouts', strategy)).toBe(1);
    expect(await lockMetric(guard, 'contention', strategy)).toBeGreaterThanOrEqual(1);
    await holder.letGo();
    expect(await guard.start(aStart(taskId, OPUS, confirmed(shown(first))))).toMatchObject({ kind: 'replaced' });
  },
);

test('a start with the same model is answered while the slot is locked', async () => {
  const { guard, world, another, databaseUrl } = scene;
  const taskId = await world.task();
  const first = await begin(guard, aStart(taskId));
  await using _holder = await holdSlot(databaseUrl, aStart(taskId));
  const cold = await another();
  expect(await cold.start(aStart(taskId))).toMatchObject({ kind: 'existing', session: first });
  expect(await cold.start(aStart(taskId, OPUS))).toMatchObject({ kind: 'ask' });
});

test('a start that waits for a locked slot proceeds after the release, and is counted as an acquisition', async () => {
  const { world, another, databaseUrl, guard: observer } = scene;
  const guard = await another(lockedBy('pessimistic'));
  const taskId = await world.task();
  const first = await begin(guard, aStart(taskId));
  await using holder = await holdSlot(databaseUrl, aStart(taskId));
  const waiting = guard.start(aStart(taskId, OPUS, confirmed(shown(first))));
  await eventually(async () => {
    const { rows } = await observer.database.pool.pg.query(
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    );
    return rows.length === 1;
  });
  await holder.letGo();
  expect(await waiting).toMatchObject({ kind: 'replaced' });
  expect(await lockMetric(guard, 'acquisitions', 'pessimistic')).toBe(2);
});

test('a start that loses a race is retried, and is counted as a retry', async () => {
  const { world, another } = scene;
  const stop = stopAt();
  const guard = await another({ ...lockedBy('optimistic'), racepoint: stop.racepoint });
  const elsewhere = await another();
  const taskId = await world.task();
  const { reached, goOn } = stop.arm('start:locked');
  const late = guard.start(aStart(taskId));
  await reached;
  const first = await begin(elsewhere, aStart(taskId));
  goOn();
  expect(await late).toMatchObject({ kind: 'existing', session: first });
  expect(await lockMetric(guard, 'acquisitions', 'optimistic')).toBe(1);
  expect(await lockMetric(guard, 'retries', 'optimistic')).toBe(1);
  expect(await lockMetric(guard, 'contention', 'optimistic')).toBe(1);
});

test('concurrent starts of one server queue for a slot and use only one connection', async () => {
  const { world, another } = scene;
  const stop = stopAt();
  const guard = await another({ ...lockedBy('pessimistic'), racepoint: stop.racepoint });
  const taskId = await world.task();
  const { reached, goOn } = stop.arm('start:locked');
  const first = guard.start(aStart(taskId));
  await reached;
  const others = Array.from({ length: 20 }, () => guard.start(aStart(taskId)));
  await eventually(async () => (await lockMetric(guard, 'contention', 'pessimistic')) === 20);
  expect(guard.database.pool.stats().active).toBe(1);
  goOn();
  expect(await first).toMatchObject({ kind: 'created' });
  for (const outcome of await Promise.all(others)) expect(outcome).toMatchObject({ kind: 'existing' });
});

test('a start that times out leaves the lock queue, and the queue continues', async () => {
  const { world, another } = scene;
  const stop = stopAt();
  const guard = await another({ ...lockedBy('pessimistic'), racepoint: stop.racepoint, settings: { deadlineMs: 500 } });
  const taskId = await world.task();
  const { reached, goOn } = stop.arm('start:locked');
  const first = guard.start(aStart(taskId));
  await reached;
  await expect(guard.start(aStart(taskId))).rejects.toMatchObject({ code: 'session_being_modified' });
  goOn();
  await first.catch(() => undefined);
  expect(await guard.start(aStart(taskId, SONNET))).toMatchObject({ session: { generation: 1 } });
});

test('a start whose connection is lost at the write creates exactly one session', async () => {
  const { world, another, guard: observer } = scene;
  const taskId = await world.task();
  for (const place of ['start:locked', 'start:written'] as const) {
    expect(RACEPOINTS).toContain(place);
  }
  const stop = stopAt();
  const guard = await another({ ...lockedBy('pessimistic'), racepoint: stop.racepoint, applicationName: 'doomed' });
  const { reached, goOn } = stop.arm('start:locked');
  const started = guard.start(aStart(taskId));
  await reached;
  await observer.database.pool.pg.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'doomed'",
  );
  goOn();
  expect(await started).toMatchObject({ kind: 'created', session: { generation: 1 } });
  expect((await observer.list({ taskId, includeDeleted: true }, { limit: 10 })).sessions).toHaveLength(1);
});
