import { ERRORS } from '@phaselock/core';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  checkHistory,
  OPUS,
  openTestGuard,
  runTurn,
  SONNET,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StartedTurn } from './turn-request.ts';

const model = (name: string) => ({ model: { agent: 'claude-code', model: name } }) as const;

describe('a retry that names a conversation', () => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  /** A slot whose first conversation was with Sonnet and was replaced by one with Opus. */
  async function replacedConversation(name: string) {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const first = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(first, attemptId), name);
    const second = await runTurn(
      guard,
      aTurn(first, attemptId, { ...model(OPUS), onModelChange: 'replace' }),
      `${name} opus`,
    );
    return { taskId, attemptId, first, current: second.session };
  }

  const turnIn = (
    session: StartedTurn['session'],
    attemptId: Awaited<ReturnType<typeof replacedConversation>>['attemptId'],
    more: object,
  ) => scene.guard.startTurn({ ...session, attemptId, ...more });

  test('of an earlier session is compared with the model that made it, not with the live session', async () => {
    const { attemptId, current } = await replacedConversation('asks');
    expect(await turnIn(current, attemptId, { preRetryId: agentId('asks') })).toMatchObject({
      kind: 'ask',
      question: 'replace',
      text: ERRORS.replace_confirmation_required.text,
      reasons: [{ field: 'family' }],
    });
    expect(await turnIn(current, attemptId, { preRetryId: agentId('asks'), say: { kind: 'keep' } })).toMatchObject({
      kind: 'ask',
    });
  });

  test('of an earlier session is resumed by the model that made it, in a new session which replaces the live one', async () => {
    const { taskId, attemptId, first, current } = await replacedConversation('goes on');
    const retried = startedOf(
      await turnIn(current, attemptId, { preRetryId: agentId('goes on'), ...model(SONNET), onModelChange: 'replace' }),
    );
    expect(retried).toMatchObject({
      action: 'CodingAgentFollowUpRequest',
      passedSessionId: 'goes on',
      replaced: current,
    });
    const { guard } = scene;
    expect(
      await guard.finishTurn({ ...tokenOf(retried), ending: 'completed', agentSessionId: agentId('goes on') }),
    ).toMatchObject({
      kind: 'finished',
    });
    expect(await guard.session(retried.session.sessionId)).toMatchObject({
      status: 'ready',
      agentSessionId: 'goes on',
      identity: { model: SONNET },
    });
    const next = startedOf(await turnIn(retried.session, attemptId, {}));
    expect(next).toMatchObject({ passedSessionId: 'goes on', reason: 'same-model' });
    expect((await guard.list({ taskId }, { limit: 10 })).sessions).toHaveLength(1);
    expect(await guard.session(first.id)).toMatchObject({ agentSessionId: 'goes on', deletedReason: 'model-changed' });
  });

  test('of an earlier session is followed by a fresh conversation if another model retries', async () => {
    const { attemptId, current } = await replacedConversation('afresh');
    const fresh = startedOf(
      await turnIn(current, attemptId, { preRetryId: agentId('afresh'), onModelChange: 'replace' }),
    );
    expect(fresh).toMatchObject({ action: 'CodingAgentInitialRequest', passedSessionId: null, replaced: current });
  });

  describe('whose process crashes at once', () => {
    async function crashed(name: string, more: Partial<Parameters<TestGuard['guard']['finishTurn']>[0]>) {
      const { attemptId, current } = await replacedConversation(name);
      const { guard } = scene;
      const retry = { preRetryId: agentId(name), ...model(SONNET), onModelChange: 'replace' };
      const retried = startedOf(await turnIn(current, attemptId, retry));
      await guard.finishTurn({ ...tokenOf(retried), ending: 'failed', ...more });
      return startedOf(await turnIn(retried.session, attemptId, {}));
    }

    test('is resumed by the next turn with the same conversation', async () => {
      expect(await crashed('crash', {})).toMatchObject({ passedSessionId: 'crash', reason: 'same-model' });
      expect(await checkHistory(scene.guard.database, [])).toEqual([]);
    });

    test('is followed by a fresh conversation when the agent no longer knows the named one', async () => {
      const next = await crashed('forgotten', { lostAgentSession: true });
      expect(next).toMatchObject({ passedSessionId: null, reason: 'session-invalid' });
    });

    test('is followed by a fresh conversation when a never recorded one is reported lost', async () => {
      const { guard, world } = scene;
      const taskId = await world.task();
      const attemptId = await world.attempt(taskId);
      const session = await begin(guard, aStart(taskId));
      const kept = aTurn(session, attemptId, { preRetryId: agentId('never told'), say: { kind: 'keep' } });
      const first = startedOf(await guard.startTurn(kept));
      await guard.finishTurn({ ...tokenOf(first), ending: 'failed' });
      const second = startedOf(await guard.startTurn(aTurn(session, attemptId)));
      expect(second).toMatchObject({ passedSessionId: 'never told' });
      await guard.finishTurn({ ...tokenOf(second), ending: 'failed', lostAgentSession: true });
      const third = startedOf(await guard.startTurn(aTurn(session, attemptId)));
      expect(third).toMatchObject({ passedSessionId: null, reason: 'session-invalid' });
    });
  });

  test('from before a turn with skipContext resumes it with the same model', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(session, attemptId), 'before');
    const blank = await runTurn(guard, aTurn(session, attemptId, { skipContext: true }), 'without context');
    const retried = startedOf(await turnIn(blank.session, attemptId, { preRetryId: agentId('before') }));
    expect(retried).toMatchObject({ passedSessionId: 'before', action: 'CodingAgentFollowUpRequest' });
    expect(
      await guard.finishTurn({ ...tokenOf(retried), ending: 'completed', agentSessionId: agentId('before') }),
    ).toMatchObject({ kind: 'finished' });
  });

  describe('that belongs elsewhere is refused with agent_session_taken', () => {
    test.each([
      { name: 'another task', sameTask: false, phase: 'run' },
      { name: 'another slot of the task', sameTask: true, phase: 'plan' },
    ] as const)('$name', async ({ name, sameTask, phase }) => {
      const { guard, world } = scene;
      const taskId = await world.task();
      const attemptId = await world.attempt(taskId);
      const mine = await begin(guard, aStart(taskId));
      const other = sameTask ? taskId : await world.task();
      const elsewhere = await begin(guard, { ...aStart(other), phase });
      await runTurn(guard, aTurn(elsewhere, await world.attempt(other)), `id of ${name}`);
      for (const say of [{ kind: 'nothing' }, { kind: 'keep' }] as const) {
        expect(
          await guard.startTurn(aTurn(mine, attemptId, { preRetryId: agentId(`id of ${name}`), say })),
        ).toMatchObject({
          kind: 'refused',
          code: 'agent_session_taken',
        });
      }
      expect(await guard.session(mine.id)).toMatchObject({ status: 'ready' });
    });
  });

  test('leaves a history without violations', async () => {
    await replacedConversation('whole');
    expect(await checkHistory(scene.guard.database, [])).toEqual([]);
  });
});
