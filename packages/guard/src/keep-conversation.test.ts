import {
  agentId,
  aStart,
  aTurn,
  begin,
  OPUS,
  openTestGuard,
  runTurn,
  SONNET,
  SONNET_NEXT,
  startedOf,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const NEXT = { model: { agent: 'claude-code', model: SONNET_NEXT } } as const;

describe('a session kept for a slightly different model', () => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  async function conversation(name: string) {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const session = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(session, attemptId), name);
    return { taskId, attemptId, session };
  }

  test('by a start takes the model on: the next start with it finds the session', async () => {
    const { taskId, session } = await conversation('by a start');
    const { guard } = scene;
    expect(await guard.start(aStart(taskId, SONNET_NEXT))).toMatchObject({ kind: 'ask', question: 'keep-or-replace' });
    expect(await guard.start(aStart(taskId, SONNET_NEXT, { say: { kind: 'keep' }, actor: 'ada' }))).toMatchObject({
      kind: 'existing',
      session: { id: session.id, identity: { model: SONNET_NEXT } },
    });
    expect(await guard.start(aStart(taskId, SONNET_NEXT))).toMatchObject({ kind: 'existing' });
    expect(await guard.start(aStart(taskId, SONNET))).toMatchObject({ kind: 'ask' });
    expect((await guard.events(session.id)).filter(({ type }) => type === 'kept')).toMatchObject([
      { actor: 'ada', detail: { previous: { model: SONNET } } },
    ]);
  });

  test('by a turn takes the model on with that turn, and continues its conversation', async () => {
    const { taskId, attemptId, session } = await conversation('by a turn');
    const { guard } = scene;
    const turn = aTurn(session, attemptId, { ...NEXT, actor: 'grace' });
    expect(await guard.startTurn(turn)).toMatchObject({ kind: 'ask', question: 'keep-or-replace' });
    expect(await runTurn(guard, { ...turn, say: { kind: 'keep' } }, 'by a turn')).toMatchObject({
      passedSessionId: 'by a turn',
    });
    expect(startedOf(await guard.startTurn(turn))).toMatchObject({
      passedSessionId: 'by a turn',
      reason: 'same-model',
    });
    expect(await guard.start(aStart(taskId, SONNET_NEXT))).toMatchObject({ kind: 'existing' });
    expect((await guard.events(session.id)).filter(({ type }) => type === 'kept')).toMatchObject([{ actor: 'grace' }]);
  });

  test('resumes the conversation from before it was kept', async () => {
    const { taskId, attemptId, session } = await conversation('said before');
    const { guard } = scene;
    await guard.start(aStart(taskId, SONNET_NEXT, { say: { kind: 'keep' } }));
    expect(startedOf(await guard.startTurn(aTurn(session, attemptId)))).toMatchObject({
      passedSessionId: 'said before',
      action: 'CodingAgentFollowUpRequest',
    });
  });

  test('is not kept for another model family, even if the caller says keep', async () => {
    const { taskId, session } = await conversation('another family');
    const { guard } = scene;
    expect(await guard.start(aStart(taskId, OPUS, { say: { kind: 'keep' } }))).toMatchObject({
      kind: 'ask',
      question: 'replace',
    });
    expect(await guard.session(session.id)).toMatchObject({ identity: { model: SONNET } });
  });

  test('records the change once, also for concurrent starts that keep it', async () => {
    const { taskId, session } = await conversation('once');
    const { guard } = scene;
    const keep = aStart(taskId, SONNET_NEXT, { say: { kind: 'keep' } });
    const answers = await Promise.all([guard.start(keep), guard.start(keep), guard.start(keep)]);
    expect(answers.map(({ kind }) => kind)).toEqual(['existing', 'existing', 'existing']);
    expect((await guard.events(session.id)).filter(({ type }) => type === 'kept')).toHaveLength(1);
    expect(agentId('once')).toBe((await guard.session(session.id)).agentSessionId);
  });
});

describe('a model change', () => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test('returns its handoff at the first turn of the new session and at no later turn', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const attemptId = await world.attempt(taskId);
    const first = await begin(guard, aStart(taskId));
    await runTurn(guard, aTurn(first, attemptId), 'handed over');
    const asked = await guard.start(aStart(taskId, OPUS));
    if (asked.kind !== 'ask') throw new Error(asked.kind);
    const second = await begin(
      guard,
      aStart(taskId, OPUS, { say: { kind: 'replace', shown: asked.shown }, handoff: { summary: 'half done' } }),
    );
    expect((await runTurn(guard, aTurn(second, attemptId), 'second')).handoff).toContain('half done');
    expect((await runTurn(guard, aTurn(second, attemptId), 'second')).handoff).toBeNull();
  });

  test('is asked about by a turn with the same warning as by a start', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const session = await begin(guard, aStart(taskId));
    const attemptId = await world.attempt(taskId);
    await runTurn(guard, aTurn(session, attemptId), 'warned');
    const [byStart, byTurn] = [
      await guard.start(aStart(taskId, OPUS)),
      await guard.startTurn(aTurn(session, attemptId, { model: { agent: 'claude-code', model: OPUS } })),
    ];
    if (byStart.kind !== 'ask' || byTurn.kind !== 'ask') throw new Error('both ask');
    expect(byTurn.warning).toBe(byStart.warning);
    expect(byTurn.warning).not.toBe('');
  });
});
