import type { TaskId } from '@phaselock/core';
import { createLogger } from '@phaselock/telemetry';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  lapseLease,
  OPUS,
  openTestGuard,
  runTurn,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const USAGE = { inputTokens: 10, outputTokens: 5, turns: 1, costUsdMicros: 7 } as const;
const lines: { readonly message?: unknown; readonly 'phaselock.session_id'?: unknown }[] = [];
const destination = { write: (line: string) => void lines.push(JSON.parse(line)) };

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard({
    logger: createLogger({ service: 'phaselock', version: '0.0.0', environment: 'test', level: 'info', destination }),
  });
});
afterAll(() => scene[Symbol.asyncDispose]());

describe('a session of a milestone', () => {
  test.each([
    ['in a slot', (taskId: TaskId) => begin(scene.guard, { ...aStart(taskId), milestoneId: 'M1' })],
    ['outside the guard', (taskId: TaskId) => scene.guard.beginStandalone({ ...aStart(taskId), milestoneId: 'M1' })],
  ])('%s continues across several tasks, books their usage, and ends when it is closed', async (_, make) => {
    const { guard, world } = scene;
    const [one, two] = [await world.task(), await world.task()];
    const session = await make(one);
    await runTurn(guard, aTurn(session, await world.attempt(one)), `milestone ${session.id}`);
    const second = startedOf(await guard.startTurn(aTurn(session, await world.attempt(two))));
    expect(second).toMatchObject({ passedSessionId: `milestone ${session.id}`, reason: 'same-model' });
    await guard.finishTurn({ ...tokenOf(second), ending: 'completed', usage: USAGE });
    expect(await guard.session(session.id)).toMatchObject({ usage: USAGE, status: 'ready', milestoneId: 'M1' });
    await guard.closeSession({ sessionId: session.id, generation: session.generation, how: 'complete' });
    expect(await guard.session(session.id)).toMatchObject({ status: 'completed' });
  });

  test('refuses attempts of another project; without a milestone, those of another task', async () => {
    const { guard, world } = scene;
    const [one, two] = [await world.task(), await world.task()];
    const elsewhere = await guard.addTask(await guard.addProject('another'), 'a task');
    const spanning = await begin(guard, { ...aStart(one), milestoneId: 'M2' });
    const plain = await begin(guard, aStart(two));
    for (const [session, taskId] of [
      [spanning, elsewhere],
      [plain, one],
    ] as const) {
      await expect(guard.startTurn(aTurn(session, await guard.addAttempt(taskId, {})))).rejects.toMatchObject({
        code: 'attempt_not_found',
      });
    }
  });
});

describe('a temporary session', () => {
  const told = (id: string): unknown[] =>
    lines.filter((line) => line['phaselock.session_id'] === id).map(({ message }) => String(message).split(':')[0]);

  async function alone() {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await guard.beginStandalone(aStart(taskId));
    return { attemptId, session };
  }

  test.each([
    ['completed', 'completed'],
    ['failed', 'failed'],
    ['killed', 'stopped'],
  ] as const)('ends with its execution (%s) and logs its start and its end once', async (ending, status) => {
    const { attemptId, session } = await alone();
    const { guard } = scene;
    const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
    await guard.finishTurn({ ...tokenOf(turn), ending, usage: USAGE, agentSessionId: agentId(session.id) });
    await guard.finishTurn({ ...tokenOf(turn), ending, usage: USAGE, agentSessionId: agentId(session.id) });
    expect(await guard.session(session.id)).toMatchObject({ status, usage: USAGE });
    expect((await guard.session(session.id)).endedAt).not.toBeNull();
    expect(told(session.id)).toEqual(['TEMP_SESSION', 'TEMP_SESSION_END']);
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({
      kind: 'refused',
      code: 'illegal_transition',
    });
  });

  test('ends when the lease of its runner expires, and refuses further turns, swept or not', async () => {
    const { attemptId, session } = await alone();
    const { guard } = scene;
    await guard.startTurn(aTurn(session, attemptId));
    await lapseLease(scene, session);
    const refused = { kind: 'refused', code: 'illegal_transition' };
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject(refused);
    await guard.sweepLapsed();
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject(refused);
    expect(await guard.session(session.id)).toMatchObject({ status: 'failed' });
    expect(told(session.id)).toContain('TEMP_SESSION_END');
  });

  test('is ended by a turn with another model, which begins another temporary session', async () => {
    const { attemptId, session } = await alone();
    const { guard } = scene;
    const model = { agent: 'claude-code', model: OPUS } as const;
    const turn = startedOf(await guard.startTurn(aTurn(session, attemptId, { model, onModelChange: 'replace' })));
    expect(turn.session.sessionId).not.toBe(session.id);
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ code: 'illegal_transition' });
    expect(told(session.id)).toEqual(['TEMP_SESSION', 'TEMP_SESSION_END']);
    expect(told(turn.session.sessionId)[0]).toBe('TEMP_SESSION');
  });

  test('logs its end when it is closed', async () => {
    const { session } = await alone();
    await scene.guard.closeSession({ sessionId: session.id, generation: session.generation, how: 'stop' });
    expect(told(session.id)).toEqual(['TEMP_SESSION', 'TEMP_SESSION_END']);
  });
});
