import { parseSessionId } from '@phaselock/core';
import {
  allSessions,
  aStart,
  begin,
  lockedBy,
  OPUS,
  openTestGuard,
  readMetric,
  SONNET,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

describe.each(['pessimistic', 'optimistic'])('a deleted session, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test('leaves the lists and its slot, but keeps its record and events', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const { id } = await begin(guard, aStart(taskId));
    await guard.softDelete({ sessionId: id, actor: 'ada' });
    expect((await guard.list({ taskId }, { limit: 10 })).sessions).toEqual([]);
    expect(await guard.latest(aStart(taskId))).toBeUndefined();
    expect(await guard.session(id)).toMatchObject({ deletedReason: 'deleted', replacedBy: null, version: 2 });
    expect(await guard.events(id)).toMatchObject([{ type: 'created' }, { type: 'deleted', actor: 'ada' }]);
  });

  test('is followed by a session of the next generation, whatever the model', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    for (const [index, model] of [SONNET, OPUS, SONNET].entries()) {
      const outcome = await guard.start(aStart(taskId, model));
      expect(outcome).toMatchObject({ kind: 'created', session: { generation: index + 1 } });
      if (outcome.kind === 'created') await guard.softDelete({ sessionId: outcome.session.id });
    }
  });

  test('is deleted only once by concurrent deletions', async () => {
    const { guard, world } = scene;
    const { id } = await begin(guard, aStart(await world.task()));
    const before = await readMetric(guard, 'phaselock_sessions_deleted_total', { reason: 'deleted' });
    await Promise.all(Array.from({ length: 5 }, () => guard.softDelete({ sessionId: id })));
    expect(await guard.session(id)).toMatchObject({ version: 2 });
    expect(await guard.events(id)).toHaveLength(2);
    expect(await readMetric(guard, 'phaselock_sessions_deleted_total', { reason: 'deleted' })).toBe(before + 1);
  });

  test('must have the version that the caller names, if it names one', async () => {
    const { guard, world } = scene;
    const session = await begin(guard, aStart(await world.task()));
    await guard.closeSession({ sessionId: session.id, generation: session.generation, how: 'complete' });
    await expect(guard.softDelete({ sessionId: session.id, seenVersion: 1 })).rejects.toMatchObject({
      code: 'version_mismatch',
      status: 412,
    });
    expect(await guard.session(session.id)).toMatchObject({ deletedAt: null });
    await guard.softDelete({ sessionId: session.id, seenVersion: 2 });
  });

  test('outside the guard leaves the next newest legacy session as the latest, at once', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const legacy = { guarded: false } as const;
    const older = await begin(guard, aStart(taskId, SONNET, legacy));
    const newest = await begin(guard, aStart(taskId, OPUS, legacy));
    expect(await guard.start(aStart(taskId))).toMatchObject({ kind: 'ask', session: { id: newest.id } });
    await guard.softDelete({ sessionId: newest.id });
    expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({ kind: 'ask', session: { id: older.id } });
    expect(await allSessions(guard, taskId)).toHaveLength(2);
  });

  test('fails with session_not_found if its id is unknown', async () => {
    const sessionId = parseSessionId('00000000-0000-7000-8000-000000000000');
    if (sessionId === undefined) throw new Error('not a session id');
    await expect(scene.guard.softDelete({ sessionId })).rejects.toMatchObject({ code: 'session_not_found' });
  });
});
