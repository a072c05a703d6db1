import {
  aStart,
  aTurn,
  begin,
  openTestGuard,
  runTurn,
  SONNET,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

describe('a closed session', () => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  async function inSession() {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await begin(guard, aStart(taskId));
    const named = { sessionId: session.id, generation: session.generation };
    return { taskId, attemptId, session, named };
  }

  test.each([
    ['complete', 'completed'],
    ['fail', 'failed'],
    ['stop', 'stopped'],
  ] as const)('after "%s" has the status %s and an end time, and keeps its slot', async (how, status) => {
    const { guard } = scene;
    const { taskId, session, named } = await inSession();
    expect(await guard.closeSession({ ...named, how, actor: 'ada' })).toEqual({ version: 2 });
    const closed = await guard.session(session.id);
    expect(closed).toMatchObject({ status, deletedAt: null });
    expect(closed.endedAt).toBeInstanceOf(Date);
    expect(await guard.start(aStart(taskId, SONNET))).toMatchObject({ kind: 'existing', session: { id: session.id } });
    expect(await guard.events(session.id)).toMatchObject([
      { type: 'created' },
      { type: 'closed', reason: status, actor: 'ada' },
    ]);
  });

  test('is resumed with its conversation by a turn with the same model', async () => {
    const { guard } = scene;
    const { attemptId, session, named } = await inSession();
    await runTurn(guard, aTurn(session, attemptId), `of ${session.id}`);
    await guard.closeSession({ ...named, how: 'complete' });
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ passedSessionId: `of ${session.id}` });
    expect(await guard.session(session.id)).toMatchObject({ status: 'running', endedAt: null });
  });

  test('stops its runner by the next heartbeat, and the end of that process does not reopen it', async () => {
    const { guard } = scene;
    const { attemptId, session, named } = await inSession();
    const token = tokenOf(startedOf(await guard.startTurn(aTurn(session, attemptId))));
    await guard.closeSession({ ...named, how: 'stop' });
    expect(await guard.heartbeat(token)).toMatchObject({ kind: 'stop', why: 'not-running' });
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ code: 'turn_running' });
    await guard.finishTurn({ ...token, ending: 'killed' });
    expect(await guard.session(session.id)).toMatchObject({ status: 'stopped', leaseExpiresAt: null });
  });

  test('cannot be closed again or under another generation', async () => {
    const { guard } = scene;
    const { session, named } = await inSession();
    const { session: other } = await inSession();
    await guard.closeSession({ ...named, how: 'complete' });
    await expect(guard.closeSession({ ...named, how: 'fail' })).rejects.toMatchObject({ code: 'illegal_transition' });
    await guard.softDelete({ sessionId: other.id });
    const second = await begin(guard, aStart(other.slot.taskId));
    const wrong = { sessionId: session.id, generation: second.generation, how: 'stop' } as const;
    await expect(guard.closeSession(wrong)).rejects.toMatchObject({ code: 'stale_generation' });
  });
});
