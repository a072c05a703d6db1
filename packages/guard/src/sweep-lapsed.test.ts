import { NOTICES } from '@phaselock/core';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  lapseLease,
  openTestGuard,
  runTurn,
  SONNET,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GuardedSession } from './start-outcome.ts';

describe('a silent runner', () => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  async function silent(more: Partial<Parameters<typeof aStart>[2]> = {}) {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await begin(guard, aStart(taskId, SONNET, more));
    const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
    await guard.reportAgentSession(tokenOf(turn), agentId(`told by ${session.id}`));
    await lapseLease(scene, session);
    return { taskId, attemptId, session, turn };
  }

  test('is reported as leaseLapsed by every read before the sweep', async () => {
    const { taskId, session } = await silent();
    const { guard } = scene;
    const lapsed = { status: 'running', leaseLapsed: true };
    expect(await guard.session(session.id)).toMatchObject(lapsed);
    expect((await guard.list({ taskId }, { limit: 10 })).sessions).toMatchObject([lapsed]);
    await guard.sweepLapsed();
    expect(await guard.session(session.id)).toMatchObject({
      status: 'ready',
      leaseLapsed: false,
      leaseExpiresAt: null,
    });
  });

  test.each([
    ['in a slot', {}],
    ['outside the guard', { guarded: false }],
  ])('%s leaves, once swept, a ready session, a process lost since its lease expiry, and an event', async (_, more) => {
    const { session, turn } = await silent(more);
    const { guard } = scene;
    const { lease_expires_at: lapsedAt } = (await leaseOf(session)) ?? {};
    await guard.sweepLapsed();
    const [process] = await guard.processes(session.id);
    expect(process).toMatchObject({ id: turn.processId, status: 'lost', ended_at: lapsedAt });
    expect(await guard.session(session.id)).toMatchObject({ status: 'ready' });
    expect((await guard.events(session.id)).filter(({ type }) => type === 'turn-lost')).toMatchObject([
      { reason: 'lost', detail: { process_id: turn.processId, seq: 1 } },
    ]);
    expect(await guard.heartbeat(tokenOf(turn))).toMatchObject({ kind: 'stop' });
  });

  const leaseOf = async ({ id }: Pick<GuardedSession, 'id'>) =>
    (
      await scene.guard.database.query<{ lease_expires_at: Date }>(
        { name: 'test_lease', text: 'select lease_expires_at from sessions where id = $1' },
        [id],
      )
    )[0];

  test('is found by one of several concurrent sweeps', async () => {
    const other = await scene.another();
    const sessions = [await silent(), await silent(), await silent(), await silent()];
    const found = await Promise.all([scene.guard, other, scene.guard, other].map((server) => server.sweepLapsed()));
    expect(found.reduce((sum, one) => sum + one, 0)).toBe(sessions.length);
    for (const { session } of sessions) {
      const events = await scene.guard.events(session.id);
      expect(events.filter(({ type }) => type === 'turn-lost')).toHaveLength(1);
    }
  });

  test('whose lease is renewed in time is not swept', async () => {
    const { session, turn } = await silent();
    await scene.guard.database.query(
      {
        name: 'test_renew',
        text: "update sessions set lease_expires_at = clock_timestamp() + interval '1 h' where id = $1",
      },
      [session.id],
    );
    await scene.guard.sweepLapsed();
    expect(await scene.guard.session(session.id)).toMatchObject({ status: 'running' });
    expect(await scene.guard.heartbeat(tokenOf(turn))).toMatchObject({ kind: 'continue' });
  });

  test('that returns after the sweep may report its ending and usage, but no conversation', async () => {
    const { attemptId, session, turn } = await silent();
    const { guard } = scene;
    await guard.sweepLapsed();
    const usage = { inputTokens: 3, outputTokens: 2, turns: 1, costUsdMicros: 1 };
    await runTurn(guard, aTurn(session, attemptId), `successor of ${turn.processId}`);
    await expect(
      guard.finishTurn({ ...tokenOf(turn), ending: 'completed', agentSessionId: agentId('zombie'), usage }),
    ).rejects.toMatchObject({ code: 'stale_process' });
    expect((await guard.session(session.id)).usage.inputTokens).toBe(0);
    expect(await guard.finishTurn({ ...tokenOf(turn), ending: 'failed', usage })).toMatchObject({ kind: 'finished' });
    expect(await guard.session(session.id)).toMatchObject({
      usage,
      agentSessionId: `successor of ${turn.processId}`,
      status: 'ready',
    });
  });

  test('leaves a session that the next start returns as ready', async () => {
    const { taskId } = await silent();
    const { guard } = scene;
    await guard.sweepLapsed();
    expect(await guard.start(aStart(taskId))).toMatchObject({ kind: 'existing', session: { status: 'ready' } });
  });

  test('leaves a session that the next start calls active until it is closed', async () => {
    const { taskId, session } = await silent();
    const { guard } = scene;
    await guard.sweepLapsed();
    expect(await guard.start(aStart(taskId))).toMatchObject({ text: NOTICES.same_model_active });
    await guard.closeSession({ sessionId: session.id, generation: session.generation, how: 'stop' });
    expect(await guard.start(aStart(taskId))).toMatchObject({
      kind: 'existing',
      session: { status: 'stopped' },
      text: NOTICES.same_model_ended,
    });
  });
});
