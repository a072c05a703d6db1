import {
  agentId,
  aStart,
  aTurn,
  begin,
  lapseLease,
  OPUS,
  openTestGuard,
  runTurn,
  SONNET,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

describe('a turn that is asked for again with its key, when its process was lost and another has begun', () => {
  test('is not told the lease of its successor', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const session = await begin(guard, aStart(taskId));
    const idempotencyKey = { scope: 'a client', key: session.id, fingerprint: 'a turn' };
    const turn = aTurn(session, await world.attempt(taskId));
    const first = startedOf(await guard.startTurn({ ...turn, idempotencyKey }));
    await guard.reportAgentSession(tokenOf(first), agentId(`told ${session.id}`));
    await lapseLease(scene, session);
    const next = startedOf(await guard.startTurn(turn));
    const again = await guard.startTurn({ ...turn, idempotencyKey });
    expect(again).not.toMatchObject({ kind: 'started', leaseExpiresAt: next.leaseExpiresAt });
  });
});

describe('a turn outside the guard that is asked for again with its key', () => {
  test('says that nothing was replaced, as it did the first time', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await guard.beginStandalone({ ...aStart(taskId), milestoneId: 'M1' });
    await runTurn(guard, aTurn(session, attemptId), `alone ${session.id}`);
    const model = { agent: 'claude-code', model: OPUS } as const;
    const idempotencyKey = { scope: 'a client', key: session.id, fingerprint: 'a turn' };
    const turn = aTurn(session, attemptId, {
      model,
      onModelChange: 'replace',
      handoff: { summary: 'half done' },
      idempotencyKey,
    });
    const first = startedOf(await guard.startTurn(turn));
    expect(first).toMatchObject({ replaced: null, handoff: 'half done' });
    expect(await guard.startTurn(turn)).toEqual(first);
  });
});

describe('a conversation that was told as lost with a turn', () => {
  test('is lost to every later retry, as one that was told with an ending', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await begin(guard, aStart(taskId, SONNET));
    const lostId = agentId(`lost ${taskId}`);
    await runTurn(guard, aTurn(session, attemptId), lostId);
    const fresh = await runTurn(guard, aTurn(session, attemptId, { lostId }), `fresh ${taskId}`);
    expect(fresh.passedSessionId).toBeNull();
    const retried = startedOf(await guard.startTurn({ ...fresh.session, attemptId, preRetryId: lostId }));
    expect(retried).toMatchObject({ action: 'CodingAgentInitialRequest', reason: 'session-invalid' });
  });
});

describe('an id nobody recorded', () => {
  test('is taken up by one live session at a time, and told by no other', async () => {
    const { guard, world } = scene;
    const id = agentId(`invented ${await world.task()}`);
    const tryIn = async () => {
      const taskId = await world.task();
      const session = await begin(guard, aStart(taskId));
      const attemptId = await world.attempt(taskId);
      return await guard
        .startTurn(aTurn(session, attemptId, { preRetryId: id, say: { kind: 'keep' } }))
        .catch((error: unknown) => error);
    };
    const answers = await Promise.all([tryIn(), tryIn(), tryIn()]);
    const taken = { code: 'agent_session_taken' };
    expect(answers.toSorted((a, b) => kindOf(a).localeCompare(kindOf(b)))).toMatchObject([
      taken,
      taken,
      { kind: 'started', passedSessionId: id },
    ]);
    expect(await tryIn()).toMatchObject(taken);
    const elsewhere = await begin(guard, aStart(await world.task()));
    const turn = startedOf(await guard.startTurn(aTurn(elsewhere, await world.attempt(elsewhere.slot.taskId))));
    await expect(guard.reportAgentSession(tokenOf(turn), id)).rejects.toMatchObject(taken);
  });
});

const kindOf = (answer: unknown): string => (answer instanceof Error ? 'error' : 'started');
