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

describe('a turn repeated with its key after its process was lost and another has begun', () => {
  test('does not return the lease of the other process', async () => {
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

describe('a turn outside the guard repeated with its key', () => {
  test('returns its first answer, in which nothing was replaced', async () => {
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

describe('a conversation reported as lost with a turn', () => {
  test('is not resumed by a later retry', async () => {
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

describe('an agent session id that was never recorded', () => {
  test('can be used by one live session only', async () => {
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
