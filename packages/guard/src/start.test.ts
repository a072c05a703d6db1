import { ERRORS, NOTICES } from '@phaselock/core';
import {
  allSessions,
  aStart,
  begin,
  confirmed,
  lockedBy,
  OPUS,
  openTestGuard,
  readMetric,
  replaceBy,
  SONNET,
  SONNET_NEXT,
  shown,
  stopAt,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

describe.each(['pessimistic', 'optimistic', 'redis'])('start, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test('creates a session of generation 1, ready for its first turn, in an empty slot', async () => {
    const { guard, world } = scene;
    const outcome = await guard.start(aStart(await world.task(), SONNET, { actor: 'ada' }));
    expect(outcome).toMatchObject({
      kind: 'created',
      session: { generation: 1, modelStanding: 'listed', status: 'ready' },
    });
    if (outcome.kind !== 'created') return;
    expect(await guard.session(outcome.session.id)).toMatchObject({
      status: 'ready',
      guarded: true,
      createdBy: 'ada',
      predecessorId: null,
    });
    expect(await guard.events(outcome.session.id)).toMatchObject([{ type: 'created', reason: 'first', actor: 'ada' }]);
  });

  test('returns the existing session for the same model, with the text of the specification', async () => {
    const { guard, world } = scene;
    const request = aStart(await world.task());
    const first = await begin(guard, request);
    expect(await guard.start(request)).toEqual({
      kind: 'existing',
      session: first,
      text: NOTICES.same_model_active,
    });
    expect(await allSessions(guard, request.taskId)).toHaveLength(1);
  });

  test('returns the existing session for the same model even if a replacement is confirmed', async () => {
    const { guard, world } = scene;
    const request = aStart(await world.task());
    const first = await begin(guard, request);
    expect(await guard.start({ ...request, ...confirmed(shown(first)) })).toMatchObject({ kind: 'existing' });
  });

  test('asks about another model, and changes nothing', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({
      kind: 'ask',
      question: 'replace',
      shown: shown(first),
      reasons: [{ field: 'family', previous: 'claude-sonnet', next: 'claude-opus' }],
      text: ERRORS.replace_confirmation_required.text,
      warning: NOTICES.replace_warning,
    });
    expect(await guard.latest(aStart(taskId))).toMatchObject({ id: first.id, version: 1 });
  });

  test('replaces the session for another model once confirmed, and records successor and reason', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    const second = await guard.start(aStart(taskId, OPUS, { ...confirmed(shown(first)), actor: 'ada' }));
    expect(second).toMatchObject({ kind: 'replaced', session: { generation: 2 }, predecessor: shown(first) });
    if (second.kind !== 'replaced') return;
    const { sessions } = await guard.list({ taskId }, { limit: 10 });
    expect(sessions.map(({ id }) => id)).toEqual([second.session.id]);
    const old = await guard.session(first.id);
    expect(old).toMatchObject({ deletedReason: 'model-changed', replacedBy: second.session.id });
    expect(old.deletedAt).toBeInstanceOf(Date);
    expect(await guard.session(second.session.id)).toMatchObject({ status: 'pending', predecessorId: first.id });
    expect(await guard.events(first.id)).toMatchObject([
      { type: 'created' },
      { type: 'replaced', reason: 'model-changed', generation: 2, predecessor_id: first.id, actor: 'ada' },
    ]);
  });

  test('asks again if the caller wants to keep the session for a changed model', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    await begin(guard, aStart(taskId));
    expect(await guard.start(aStart(taskId, OPUS, { say: { kind: 'keep' } }))).toMatchObject({
      kind: 'ask',
      question: 'replace',
    });
  });

  test('lets the caller keep or replace the session for another minor version', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    const next = aStart(taskId, SONNET_NEXT);
    expect(await guard.start(next)).toMatchObject({
      kind: 'ask',
      question: 'keep-or-replace',
      text: ERRORS.keep_or_replace_required.text,
    });
    const replaced = await guard.start({ ...next, ...confirmed(shown(first)) });
    expect(replaced).toMatchObject({ kind: 'replaced', predecessor: shown(first) });
    // The reason is the request of the user, because a minor version is not a model change.
    expect(await guard.session(first.id)).toMatchObject({ deletedReason: 'user-request' });
  });

  test('lets one of two equal confirmations replace, and returns the new state to the other', async () => {
    const { guard, world, another } = scene;
    const elsewhere = await another();
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    const request = aStart(taskId, OPUS, confirmed(shown(first)));
    const haiku = aStart(taskId, 'claude-haiku-4-5', confirmed(shown(first)));
    const outcomes = await Promise.all([guard.start(request), elsewhere.start(haiku)]);
    const [winner] = outcomes.filter(({ kind }) => kind === 'replaced');
    const [loser] = outcomes.filter(({ kind }) => kind === 'refused');
    if (winner?.kind !== 'replaced') throw new Error('no start replaced the session');
    expect(loser).toEqual({
      kind: 'refused',
      code: 'session_moved_on',
      question: 'replace',
      session: winner.session,
      shown: shown(winner.session),
      reasons: expect.arrayContaining([expect.objectContaining({ field: 'family' })]),
      text: ERRORS.session_moved_on.text,
      warning: NOTICES.replace_warning,
    });
    expect(await allSessions(guard, taskId)).toHaveLength(2);
  });

  test('refuses a confirmation that names an older generation or another session', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    const second = await replaceBy(guard, aStart(taskId, OPUS));
    for (const named of [shown(first), { ...shown(second), generation: first.generation }]) {
      expect(await guard.start(aStart(taskId, SONNET, confirmed(named)))).toMatchObject({
        kind: 'refused',
        code: 'session_moved_on',
        shown: shown(second),
      });
    }
  });

  test('decides again if the slot changes between the decision and the write', async () => {
    const { world, another } = scene;
    const stop = stopAt();
    const held = await another({ ...lockedBy('optimistic'), racepoint: stop.racepoint });
    const elsewhere = await another(lockedBy(strategy));
    const taskId = await world.task();
    const first = await begin(elsewhere, aStart(taskId));
    const { reached, goOn } = stop.arm('start:locked');
    const late = held.start(aStart(taskId, OPUS, confirmed(shown(first))));
    await reached;
    const won = await elsewhere.start(aStart(taskId, 'claude-haiku-4-5', confirmed(shown(first))));
    goOn();
    expect(won).toMatchObject({ kind: 'replaced' });
    expect(await late).toMatchObject({ kind: 'refused', code: 'session_moved_on' });
  });

  test('treats each phase and mode as a slot of its own', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    for (const phase of ['plan', 'run', 'verify'] as const) {
      for (const mode of ['standard', 'debug'] as const) {
        expect(await guard.start(aStart(taskId, SONNET, { phase, mode }))).toMatchObject({ kind: 'created' });
      }
    }
    expect(await guard.latestMany([taskId])).toHaveLength(6);
  });

  test('stores a handoff with the successor, and counts the replacement', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    const before = await readMetric(guard, 'phaselock_session_replacements_total', { reason: 'model-changed' });
    const handoff = { summary: 'The parser is done; the tests are not.' };
    const outcome = await guard.start(aStart(taskId, OPUS, { ...confirmed(shown(first)), handoff }));
    if (outcome.kind !== 'replaced') throw new Error(outcome.kind);
    expect(await guard.session(outcome.session.id)).toMatchObject({ handoff: handoff.summary });
    expect(await readMetric(guard, 'phaselock_session_replacements_total', { reason: 'model-changed' })).toBe(
      before + 1,
    );
  });

  test('creates one session for 100 concurrent starts from two servers', async () => {
    const { guard, world, another } = scene;
    const elsewhere = await another();
    const request = aStart(await world.task());
    const servers = [guard, elsewhere];
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, index) => (servers[index % 2] ?? guard).start(request)),
    );
    const ids = new Set(outcomes.map((outcome) => 'session' in outcome && outcome.session.id));
    expect(outcomes.filter(({ kind }) => kind === 'created')).toHaveLength(1);
    expect(outcomes.filter(({ kind }) => kind === 'existing')).toHaveLength(99);
    expect(ids.size).toBe(1);
    expect(await allSessions(guard, request.taskId)).toHaveLength(1);
  });
});

test('three strategies mixed on one slot leave one live session and each generation once', async () => {
  await using scene = await openTestGuard(lockedBy('pessimistic'));
  const { guard, world, another } = scene;
  const servers = [guard, await another(lockedBy('optimistic')), await another(lockedBy('redis'))];
  const taskId = await world.task();
  await begin(guard, aStart(taskId));
  const models = [SONNET, OPUS, 'claude-haiku-4-5'];
  const replaceOften = async (server: typeof guard, offset: number): Promise<void> => {
    for (let round = 0; round < 12; round += 1) {
      const request = aStart(taskId, models[(round + offset) % models.length] ?? SONNET);
      const asked = await server.start(request);
      if (asked.kind === 'ask') await server.start({ ...request, ...confirmed(asked.shown) });
    }
  };
  await Promise.all(servers.map(replaceOften));
  const sessions = await allSessions(guard, taskId);
  expect(sessions.filter(({ deletedAt }) => deletedAt === null)).toHaveLength(1);
  const generations = sessions.map(({ generation }) => generation).toSorted((a, b) => a - b);
  expect(generations).toEqual(sessions.map((_, index) => index + 1));
  const live = sessions.find(({ deletedAt }) => deletedAt === null);
  expect(live?.generation).toBe(sessions.length);
});
