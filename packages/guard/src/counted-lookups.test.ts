import {
  aStart,
  begin,
  callsWaiting,
  confirmed,
  holdSlot,
  lockedBy,
  metricChanges,
  OPUS,
  openTestGuard,
  readMetric,
  SONNET,
  shown,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenGuard } from './open-guard.ts';

const found = (source: string, cohort: string) =>
  `phaselock_session_lookup_seconds_count{source="${source}",cohort="${cohort}"}`;
const lookups = (guard: OpenGuard, work: () => Promise<unknown>) => metricChanges(guard, ['session_lookup'], work);

describe.each(['pessimistic', 'optimistic', 'redis'])('session lookup metrics, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test('count one lookup for each call: from the database or, with a warm cache, from memory', async () => {
    const { guard: elsewhere, world, another } = scene;
    const taskId = await world.task();
    const session = await begin(elsewhere, aStart(taskId));
    const once = { [found('database', 'treatment')]: 1 };
    const starts = [
      (cold: OpenGuard) => cold.start(aStart(taskId)),
      (cold: OpenGuard) => cold.start(aStart(taskId, OPUS)),
      (cold: OpenGuard) => cold.current(session.slot),
      (cold: OpenGuard) => cold.latest(session.slot),
      (cold: OpenGuard) => cold.bulkStart([aStart(taskId), aStart(taskId, SONNET, { phase: 'plan' })]),
      (cold: OpenGuard) => cold.start(aStart(taskId, OPUS, confirmed(shown(session)))),
    ];
    for (const call of starts) {
      const cold = await another();
      expect(await lookups(cold, () => call(cold))).toEqual(once);
    }
    for (const call of starts.slice(0, 3)) {
      const warm = await another();
      await warm.current(session.slot);
      expect(await lookups(warm, () => call(warm))).toEqual({ [found('memory', 'treatment')]: 1 });
    }
  });

  test('have the cohort treatment if the slot has ever been guarded', async () => {
    const { guard: elsewhere, world, another } = scene;
    const legacy = await begin(elsewhere, aStart(await world.task(), SONNET, { guarded: false }));
    const cohortNow = async () => {
      const cold = await another();
      return await lookups(cold, () => cold.current(legacy.slot));
    };
    expect(await cohortNow()).toEqual({ [found('database', 'control')]: 1 });
    await elsewhere.start(aStart(legacy.slot.taskId));
    expect(await cohortNow()).toEqual({ [found('database', 'treatment')]: 1 });
    await elsewhere.softDelete({ sessionId: legacy.id });
    expect(await cohortNow()).toEqual({ [found('database', 'treatment')]: 1 });
  });

  test('include the wait for a connection in the lookup time', async () => {
    const { guard: elsewhere, world, another } = scene;
    const session = await begin(elsewhere, aStart(await world.task()));
    const guard = await another({ maxSize: 1 });
    // Loads the catalogue first, which all callers share.
    await guard.start(aStart(await world.task(), 'nobodys-model'));
    const before = await readMetric(guard, 'phaselock_session_lookup_seconds_sum', { source: 'database' });
    const looked = () => readMetric(guard, 'phaselock_session_lookup_seconds_sum', { source: 'database' });
    const held = await guard.database.pool.acquire();
    const looking = guard.start(aStart(session.slot.taskId, OPUS, confirmed(shown(session))));
    await expect.poll(() => guard.database.pool.stats().waiting).toBeGreaterThan(0);
    const since = performance.now();
    await expect.poll(() => performance.now() - since).toBeGreaterThan(100);
    const waited = (performance.now() - since) / 1000;
    held.release();
    await looking;
    expect((await looked()) - before).toBeGreaterThan(waited);
  });
});

test('a wait for the slot lock is counted as lock contention, not as a lookup', async () => {
  await using scene = await openTestGuard(lockedBy('pessimistic'));
  const { guard: elsewhere, world, another } = scene;
  const session = await begin(elsewhere, aStart(await world.task()));
  const cold = await another();
  await using holder = await holdSlot(scene.databaseUrl, session.slot);
  const changes = await metricChanges(cold, ['session_lookup', 'lock_contention'], async () => {
    const replacing = cold.start(aStart(session.slot.taskId, OPUS, confirmed(shown(session))));
    await callsWaiting(scene, 1);
    await holder.letGo();
    expect(await replacing).toMatchObject({ kind: 'replaced' });
  });
  expect(changes).toEqual({ 'phaselock_lock_contention_total{strategy="pessimistic"}': 1 });
});
