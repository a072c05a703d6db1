import {
  agentId,
  aStart,
  aTurn,
  begin,
  openTestGuard,
  runTurn,
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

describe('a conversation that the agent has lost', () => {
  test.each([
    ['reported with the finish', true],
    ['reported with the next turn', false],
  ])('%s, is followed by a fresh conversation, not by an older one', async (_, withFinish) => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(session, attemptId), `older ${taskId}`);
    await runTurn(guard, aTurn(session, attemptId), `newer ${taskId}`);
    const lostId = agentId(`newer ${taskId}`);
    if (withFinish) {
      const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
      await guard.finishTurn({ ...tokenOf(turn), ending: 'failed', lostAgentSession: true });
    }
    const next = startedOf(await guard.startTurn(aTurn(session, attemptId, withFinish ? {} : { lostId })));
    expect(next).toMatchObject({ action: 'CodingAgentInitialRequest', passedSessionId: null });
    expect(next.replaced).not.toBeNull();
  });
});
