import { ERRORS, NOTICES, parseTaskId } from '@phaselock/core';
import {
  allSessions,
  aStart,
  begin,
  confirmed,
  lockedBy,
  OPUS,
  openTestGuard,
  readMetric,
  SONNET,
  shown,
  stopAt,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const NOBODYS_TASK = parseTaskId('00000000-0000-7000-8000-000000000000');
const NUL = 'a\0b';
const LONE_SURROGATE = 'a\ud800b';

describe.each(['pessimistic', 'optimistic'])('start refuses, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  test('an unknown task', async () => {
    if (NOBODYS_TASK === undefined) throw new Error('not a task id');
    await expect(scene.guard.start(aStart(NOBODYS_TASK))).rejects.toMatchObject({
      code: 'task_not_found',
      message: ERRORS.task_not_found.text,
    });
    await expect(scene.guard.start(aStart(NOBODYS_TASK, SONNET, { guarded: false }))).rejects.toMatchObject({
      code: 'task_not_found',
    });
  });

  test('a request outside the guard, and counts it in the control cohort', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const count = (cohort: string) =>
      readMetric(guard, 'phaselock_session_starts_total', { outcome: 'refused', cohort });
    const [control, treatment] = [await count('control'), await count('treatment')];
    await guard.start(aStart(taskId, 'nobodys-model', { guarded: false })).catch(() => undefined);
    expect([await count('control'), await count('treatment')]).toEqual([control + 1, treatment]);
  });

  test.each([
    ['NUL', NUL],
    ['a lone surrogate', LONE_SURROGATE],
  ])('%s in any text of the request', async (_, text) => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const refused = { code: 'invalid_request' };
    await expect(guard.start(aStart(taskId, SONNET, { actor: text }))).rejects.toMatchObject(refused);
    await expect(guard.start(aStart(taskId, SONNET, { actor: text, guarded: false }))).rejects.toMatchObject(refused);
    const parameters = { note: text };
    const model = { agent: 'claude-code', model: SONNET, parameters } as const;
    await expect(guard.start(aStart(taskId, SONNET, { model }))).rejects.toMatchObject(refused);
    const key = { scope: 'ada', key: text, fingerprint: 'f' };
    await expect(guard.start(aStart(taskId, SONNET, { idempotencyKey: key }))).rejects.toMatchObject(refused);
    expect(await allSessions(guard, taskId)).toEqual([]);

    const first = await begin(guard, aStart(taskId));
    const replace = aStart(taskId, OPUS, { ...confirmed(shown(first)), handoff: { summary: text } });
    await expect(guard.start(replace)).rejects.toMatchObject(refused);
    expect(await guard.latest(aStart(taskId))).toMatchObject({ id: first.id });
  });

  test('a handoff without a replacement, and an empty or too long one', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const handoff = { summary: 'what was said' };
    for (const guarded of [true, false]) {
      await expect(guard.start(aStart(taskId, SONNET, { handoff, guarded }))).rejects.toMatchObject({
        code: 'invalid_request',
        detail: 'handoff: nothing-replaced',
      });
    }
    const first = await begin(guard, aStart(taskId));
    for (const [summary, problem] of [
      [' ', 'empty'],
      ['x'.repeat(100_001), 'too-long'],
    ] as const) {
      const replace = aStart(taskId, OPUS, { ...confirmed(shown(first)), handoff: { summary } });
      await expect(guard.start(replace)).rejects.toMatchObject({
        code: 'invalid_request',
        detail: `handoff: ${problem}`,
      });
    }
    expect(await allSessions(guard, taskId)).toHaveLength(1);
  });

  test('an unknown model and an unknown variant, with the reason', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    expect(await guard.start(aStart(taskId, 'grand-master-9'))).toEqual({
      kind: 'refused',
      code: 'model_missing',
      why: 'model-missing',
      text: ERRORS.model_missing.text,
    });
    const unknown = { agent: 'claude-code', variant: 'NOBODYS' } as const;
    expect(await guard.start(aStart(taskId, SONNET, { model: unknown }))).toMatchObject({ why: 'variant-missing' });
    expect(await allSessions(guard, taskId)).toEqual([]);
  });

  test('a request whose caller has already disconnected, and writes nothing', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const signal = AbortSignal.abort();
    for (const guarded of [true, false]) {
      await expect(guard.start(aStart(taskId, SONNET, { signal, guarded }))).rejects.toMatchObject({
        code: 'request_aborted',
      });
    }
    expect(await allSessions(guard, taskId)).toEqual([]);
  });

  test('a request whose caller disconnects while it waits in the lock queue', async () => {
    const { world, another } = scene;
    const stop = stopAt();
    const guard = await another({ racepoint: stop.racepoint });
    const taskId = await world.task();
    const { reached, goOn } = stop.arm('start:locked');
    const first = guard.start(aStart(taskId));
    await reached;
    const caller = new AbortController();
    const second = guard.start(aStart(taskId, SONNET, { signal: caller.signal }));
    caller.abort();
    await expect(second).rejects.toMatchObject({ code: 'request_aborted' });
    goOn();
    expect(await first).toMatchObject({ kind: 'created' });
  });
});

describe('the deletion of a model', () => {
  test('leaves its session listed and marked: a start with the model is refused, a replacement is not', async () => {
    await using scene = await openTestGuard();
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId, OPUS));
    expect(await guard.deleteModel('claude-code', OPUS)).toBe(true);

    expect(NOTICES.model_not_found).toBe('Model Not Found');
    expect(await guard.latest(aStart(taskId))).toMatchObject({ id: first.id, modelStanding: 'gone' });
    expect((await guard.list({ taskId }, { limit: 10 })).sessions).toMatchObject([
      { id: first.id, modelStanding: 'gone' },
    ]);
    expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({
      kind: 'refused',
      code: 'model_missing',
      why: 'model-deleted',
    });
    const asked = await guard.start(aStart(taskId, SONNET));
    expect(asked).toMatchObject({ kind: 'ask', question: 'replace', session: { modelStanding: 'gone' } });
    expect(await guard.start(aStart(taskId, SONNET, confirmed(shown(first))))).toMatchObject({ kind: 'replaced' });
  });

  test('is distinguished from the deletion of a variant', async () => {
    await using scene = await openTestGuard();
    const { guard, world } = scene;
    const taskId = await world.task();
    const model = { agent: 'claude-code', variant: 'DEFAULT' } as const;
    const first = await begin(guard, aStart(taskId, OPUS, { model }));
    await guard.deleteProfile('claude-code', 'DEFAULT');
    expect(await guard.start(aStart(taskId, OPUS, { model }))).toMatchObject({ why: 'variant-deleted' });
    // The model still exists but the profile of the session does not, so the session can only be read and replaced.
    expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({ kind: 'refused', code: 'model_missing' });
    expect(await guard.latest(aStart(taskId))).toMatchObject({ id: first.id, modelStanding: 'gone' });
    await guard.addProfile({ agent: 'claude-code', variant: 'DEFAULT', model: OPUS });
    const elsewhere = await scene.another();
    expect(await elsewhere.start(aStart(taskId, OPUS, { model }))).toMatchObject({ kind: 'existing' });
  });

  test('returns false for an unknown model, as for an unknown variant', async () => {
    await using scene = await openTestGuard();
    expect(await scene.guard.deleteModel('claude-code', 'nobodys')).toBe(false);
    expect(await scene.guard.deleteProfile('claude-code', 'NOBODYS')).toBe(false);
  });
});

describe('the model comparison at a start', () => {
  test('asks about an alias without a target, and accepts it as the same model once it has one', async () => {
    await using scene = await openTestGuard();
    const { guard, world } = scene;
    await guard.addModel({ agent: 'claude-code', name: 'sonnet' });
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId, SONNET));
    expect(await guard.start(aStart(taskId, 'sonnet'))).toMatchObject({
      kind: 'ask',
      question: 'keep-or-replace',
      reasons: [{ field: 'unresolved', side: 'next' }],
    });
    await guard.deleteModel('claude-code', 'sonnet');
    await guard.addModel({ agent: 'claude-code', name: 'sonnet', standsFor: SONNET });
    expect(await guard.start(aStart(taskId, 'sonnet'))).toMatchObject({ kind: 'existing', session: { id: first.id } });
  });

  test("takes the agent's default and a name for two models until the catalogue has a default", async () => {
    await using scene = await openTestGuard();
    const { guard, world } = scene;
    const taskId = await world.task();
    const byDefault = aStart(taskId, SONNET, { model: { agent: 'claude-code' } });
    await begin(guard, aStart(taskId, SONNET));
    expect(await guard.start(byDefault)).toMatchObject({ kind: 'ask', question: 'replace' });
    await guard.deleteModel('claude-code', SONNET);
    await guard.addModel({ agent: 'claude-code', name: SONNET, isDefault: true });
    const elsewhere = await scene.another();
    expect(await elsewhere.start(byDefault)).toMatchObject({ kind: 'existing' });
  });

  test('treats a critical parameter as a model change, and another parameter as a minor one', async () => {
    await using scene = await openTestGuard();
    const { guard, world } = scene;
    const taskId = await world.task();
    const tuned = (parameters: Record<string, string>) =>
      ({ agent: 'claude-code', model: SONNET, parameters }) as const;
    await begin(guard, aStart(taskId, SONNET, { model: tuned({ reasoning_effort: 'high' }) }));
    const question = async (parameters: Record<string, string>) =>
      await guard.start(aStart(taskId, SONNET, { model: tuned(parameters) }));
    expect(await question({ reasoningEffort: 'high' })).toMatchObject({ kind: 'existing' });
    expect(await question({ reasoning_effort: 'low' })).toMatchObject({ kind: 'ask', question: 'replace' });
    expect(await question({ reasoning_effort: 'high', verbosity: 'low' })).toMatchObject({
      question: 'keep-or-replace',
    });
  });
});

describe('adding to the board', () => {
  test('refuses empty and taken names, and unknown owners', async () => {
    await using scene = await openTestGuard();
    const { guard, world } = scene;
    if (NOBODYS_TASK === undefined) throw new Error('not a task id');
    await expect(guard.addAttempt(NOBODYS_TASK)).rejects.toMatchObject({ code: 'task_not_found' });
    await expect(guard.addProject('')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(guard.addTask(world.projectId, '')).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(guard.addModel({ agent: 'codex', name: '' })).rejects.toMatchObject({ code: 'invalid_request' });
    await expect(guard.addModel({ agent: 'claude-code', name: SONNET })).rejects.toMatchObject({
      code: 'already_exists',
    });
    await expect(guard.addProfile({ agent: 'claude-code', variant: 'DEFAULT' })).rejects.toMatchObject({
      code: 'already_exists',
    });
    expect(await readMetric(guard, 'phaselock_errors_total', { code: 'already_exists' })).toBe(2);
  });
});

test('an agent has exactly one default model, the one that was set last', async () => {
  await using scene = await openTestGuard();
  const { guard } = scene;
  const defaults = async () =>
    (await guard.listModels({ agent: 'gemini' }, { limit: 10 })).items
      .filter(({ isDefault }) => isDefault)
      .map(({ name }) => name);
  const first = await guard.addModel({ agent: 'gemini', name: 'gemini-3-pro', isDefault: true });
  await guard.addModel({ agent: 'gemini', name: 'gemini-2.5-flash', isDefault: true });
  expect(await defaults()).toEqual(['gemini-2.5-flash']);
  await Promise.all([guard.editModel(first, { isDefault: true }), guard.editModel(first, { isDefault: true })]);
  expect(await defaults()).toEqual(['gemini-3-pro']);
});
