import {
  agentId,
  aStart,
  aTurn,
  begin,
  OPUS,
  openTestGuard,
  replaceBy,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const USAGE = { inputTokens: 1_000, outputTokens: 200, turns: 3, costUsdMicros: 12_345 } as const;

describe('usage', () => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  async function running() {
    const { guard, world } = scene;
    const taskId = await world.task();
    const session = await begin(guard, aStart(taskId));
    const turn = startedOf(await guard.startTurn(aTurn(session, await world.attempt(taskId))));
    return { taskId, session, token: tokenOf(turn) };
  }

  test('reported twice is booked once; a greater total books the difference', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    await guard.recordUsage(token, USAGE);
    await guard.recordUsage(token, USAGE);
    expect((await guard.session(session.id)).usage).toEqual(USAGE);
    await guard.finishTurn({ ...token, ending: 'completed', usage: { ...USAGE, outputTokens: 500 } });
    expect((await guard.session(session.id)).usage).toEqual({ ...USAGE, outputTokens: 500 });
  });

  test('of all processes of a session adds up', async () => {
    const { guard, world } = scene;
    const { taskId, session, token } = await running();
    await guard.finishTurn({ ...token, ending: 'completed', usage: USAGE, agentSessionId: agentId(session.id) });
    const again = startedOf(await guard.startTurn(aTurn(session, await world.attempt(taskId))));
    await guard.recordUsage(tokenOf(again), USAGE);
    expect((await guard.session(session.id)).usage).toMatchObject({ inputTokens: 2_000, turns: 6 });
  });

  test('of a replaced session is still booked on that session, not on its successor', async () => {
    const { guard } = scene;
    const { taskId, session, token } = await running();
    const successor = await replaceBy(guard, aStart(taskId, OPUS));
    await guard.recordUsage(token, USAGE);
    await guard.finishTurn({ ...token, ending: 'killed', usage: USAGE });
    expect((await guard.session(session.id)).usage).toEqual(USAGE);
    expect((await guard.session(successor.id)).usage.inputTokens).toBe(0);
  });

  test('reported concurrently with equal totals is booked once', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    await Promise.all(Array.from({ length: 20 }, () => guard.recordUsage(token, USAGE)));
    expect((await guard.session(session.id)).usage).toEqual(USAGE);
  });

  test('of a process of another session is refused', async () => {
    const { guard } = scene;
    const one = await running();
    const other = await running();
    await expect(
      guard.recordUsage({ sessionId: one.session.id, processId: other.token.processId }, USAGE),
    ).rejects.toMatchObject({ code: 'process_not_found' });
    expect((await guard.session(one.session.id)).usage.inputTokens).toBe(0);
  });

  test.each([{ inputTokens: -1 }, { outputTokens: 1.5 }, { costUsdMicros: Number.NaN }, { turns: 2 ** 60 }])(
    'that is not a whole number of 0 or more is refused: %o',
    async (wrong) => {
      const { token } = await running();
      await expect(scene.guard.recordUsage(token, { ...USAGE, ...wrong })).rejects.toMatchObject({
        code: 'invalid_request',
      });
    },
  );
});
