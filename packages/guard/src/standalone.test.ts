import {
  agentId,
  allSessions,
  aStart,
  aTurn,
  begin,
  OPUS,
  openTestGuard,
  runTurn,
  SONNET,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const USAGE = { inputTokens: 10, outputTokens: 5, turns: 1, costUsdMicros: 7 } as const;

describe('a standalone execution', () => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test('has a session record before its agent runs, on which its usage is booked', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const alone = await guard.beginStandalone({ ...aStart(taskId), actor: 'ada' });
    expect(await guard.session(alone.id)).toMatchObject({ standalone: true, guarded: false, createdBy: 'ada' });
    const token = tokenOf(startedOf(await guard.startTurn(aTurn(alone, await world.attempt(taskId)))));
    await guard.finishTurn({ ...token, ending: 'completed', usage: USAGE, agentSessionId: agentId(alone.id) });
    expect((await guard.session(alone.id)).usage).toEqual(USAGE);
    expect(await guard.events(alone.id)).toMatchObject([
      { type: 'standalone-started' },
      { type: 'turn-started' },
      { type: 'turn-finished' },
    ]);
  });

  test('holds no slot and is never the latest session', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    await guard.beginStandalone(aStart(taskId));
    expect(await guard.latest(aStart(taskId))).toBeUndefined();
    expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({ kind: 'created', session: { generation: 1 } });
    const after = await guard.beginStandalone(aStart(taskId, SONNET));
    expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({ kind: 'existing' });
    expect(await guard.session(after.id)).toMatchObject({ deletedAt: null });
  });

  test('is not adopted or collapsed when its task becomes guarded', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const legacy = await begin(guard, aStart(taskId, SONNET, { guarded: false }));
    const alone = await guard.beginStandalone(aStart(taskId));
    expect(await guard.start(aStart(taskId))).toMatchObject({ kind: 'existing', session: { id: legacy.id } });
    expect(await guard.session(alone.id)).toMatchObject({ deletedAt: null, guarded: false });
  });

  test('of a milestone stays standalone after a fresh conversation', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const alone = await guard.beginStandalone({ ...aStart(taskId), milestoneId: 'M1' });
    await runTurn(guard, aTurn(alone, attemptId), `alone ${alone.id}`);
    const fresh = startedOf(await guard.startTurn(aTurn(alone, attemptId, { skipContext: true })));
    expect(await guard.session(fresh.session.sessionId)).toMatchObject({ standalone: true, milestoneId: 'M1' });
    expect(await guard.latest(aStart(taskId))).toBeUndefined();
    expect(await allSessions(guard, taskId)).toHaveLength(2);
  });

  test('is refused for an unknown model', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    await expect(guard.beginStandalone(aStart(taskId, 'nobodys-model'))).rejects.toMatchObject({
      code: 'model_missing',
    });
  });
});
