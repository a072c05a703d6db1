import { type Agent, KNOWN_MODELS, type ModelSelection } from '@phaselock/core';
import { aStart, aTurn, begin, createTestDatabase, runTurn } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenGuard, openGuard } from './open-guard.ts';
import { prepareDatabase } from './prepare-database.ts';

/** A guard on a new installation, whose catalogue holds only the well-known models. */
let guard: OpenGuard;
let close: () => Promise<void>;
beforeAll(async () => {
  const stack = new AsyncDisposableStack();
  const { url: databaseUrl } = stack.use(await createTestDatabase());
  await prepareDatabase(databaseUrl);
  guard = stack.use(await openGuard({ databaseUrl, invalidation: 'memory' }));
  close = () => stack.disposeAsync();
});
afterAll(() => close());

async function aProject(unlistedModels: 'accepted' | 'refused' = 'accepted') {
  const projectId = await guard.addProject('a project', { unlistedModels });
  const task = () => guard.addTask(projectId, 'a task');
  return { projectId, start: async (model: ModelSelection) => ({ ...aStart(await task()), model }) };
}

const claude = (model?: string): ModelSelection => ({
  agent: 'claude-code',
  ...(model !== undefined && { model }),
});

/** The outcome of a start with the second name, after the first one began the session. */
async function secondStart(first: ModelSelection, second: ModelSelection) {
  const { start } = await aProject();
  const begun = await start(first);
  await begin(guard, begun);
  return await guard.start({ ...begun, model: second });
}

const LISTED_AGENTS = [...new Set(KNOWN_MODELS.map(({ agent }) => agent))];

describe('the seeded catalogue', () => {
  test.each(LISTED_AGENTS)('accepts and resolves each listed name of %s', async (agent: Agent) => {
    const { start } = await aProject();
    for (const { name, standsFor } of KNOWN_MODELS.filter((known) => known.agent === agent)) {
      const session = await begin(guard, await start({ agent, model: name }));
      expect(session, name).toMatchObject({ modelStanding: 'listed', identity: { resolvedModel: standsFor ?? name } });
    }
  });

  test.each(LISTED_AGENTS)('has at most one default for %s, and no alias of an alias', (agent) => {
    const known = KNOWN_MODELS.filter((model) => model.agent === agent);
    expect(known.filter(({ isDefault }) => isDefault).length).toBeLessThanOrEqual(1);
    const models = known.filter(({ standsFor }) => standsFor === null).map(({ name }) => name);
    for (const { standsFor } of known) if (standsFor !== null) expect(models).toContain(standsFor);
  });
});

describe('a typed model name', () => {
  const stands = (name: string) => KNOWN_MODELS.find((known) => known.agent === 'claude-code' && known.name === name);
  const SONNET_TODAY = stands('sonnet')?.standsFor ?? '';
  const DEFAULT_TODAY = stands('default')?.standsFor ?? '';

  test.each([
    ['sonnet', SONNET_TODAY],
    ['Sonnet', SONNET_TODAY],
    [' sonnet ', SONNET_TODAY],
    ['sonnet[1m]', `${SONNET_TODAY}[1m]`],
    ['default', DEFAULT_TODAY],
    ['default[1m]', `${DEFAULT_TODAY}[1m]`],
    [undefined, DEFAULT_TODAY],
    ['claude-sonnet-4-5[1m]', 'claude-sonnet-4-5[1m]'],
    ['anthropic/claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'],
    ['claude-sonnet-4-5-20250929', 'claude-sonnet-4-5-20250929'],
  ])('%s is resolved to a listed model', async (typed, resolvedModel) => {
    const { start } = await aProject();
    const session = await begin(guard, await start(claude(typed)));
    expect(session).toMatchObject({ modelStanding: 'listed', identity: { model: typed ?? null, resolvedModel } });
  });

  test.each([
    ['sonnet', SONNET_TODAY],
    ['sonnet', `anthropic/${SONNET_TODAY}`],
    ['sonnet', 'SONNET'],
    ['default', undefined],
    ['default', DEFAULT_TODAY],
    ['sonnet[1m]', `${SONNET_TODAY}[1m]`],
    ['claude-sonnet-4-5', 'anthropic/claude-sonnet-4-5'],
    ['claude-sonnet-4-5', 'us.anthropic.claude-sonnet-4-5'],
  ])('%s is the same model as %s', async (one, other) => {
    expect(await secondStart(claude(one), claude(other))).toMatchObject({ kind: 'existing' });
    expect(await secondStart(claude(other), claude(one))).toMatchObject({ kind: 'existing' });
  });

  test.each([
    ['sonnet', 'opus'],
    ['sonnet', 'claude-sonnet-4-5'],
    ['default', 'haiku'],
    ['sonnet', 'sonnet[1m]'],
  ])('%s is not the same model as %s', async (one, other) => {
    expect(await secondStart(claude(one), claude(other))).toMatchObject({ kind: 'ask' });
  });
});

describe('an unlisted model name', () => {
  const UNLISTED = claude('claude-sonnet-9-9');

  test('is accepted for its family, and its session is marked as unlisted', async () => {
    const { start } = await aProject();
    const session = await begin(guard, await start(UNLISTED));
    expect(session).toMatchObject({ modelStanding: 'unlisted', identity: { resolvedModel: 'claude-sonnet-9-9' } });
    expect(await guard.session(session.id)).toMatchObject({ modelStanding: 'unlisted' });
    const attemptId = await guard.addAttempt(session.slot.taskId);
    const id = `told ${session.id}`;
    await runTurn(guard, aTurn(session, attemptId), id);
    expect(await runTurn(guard, aTurn(session, attemptId), id)).toMatchObject({ passedSessionId: id });
  });

  test.each<[string, ModelSelection]>([
    ['of an unknown family', claude('claude-marvel-1')],
    ['of no family', claude('my-own-model')],
    ['of a model of another agent', claude('gpt-6.1-sol')],
    ['of a family of another agent', { agent: 'codex', model: 'claude-sonnet-9-9' }],
  ])('%s is refused', async (_, selection) => {
    const { start } = await aProject();
    const missing = { kind: 'refused', code: 'model_missing', why: 'model-missing' };
    expect(await guard.start(await start(selection))).toMatchObject(missing);
  });

  test('is refused by every operation if the project accepts only listed models', async () => {
    const { start } = await aProject('refused');
    const missing = { kind: 'refused', code: 'model_missing' };
    expect(await guard.start(await start(UNLISTED))).toMatchObject(missing);
    expect(await guard.start({ ...(await start(UNLISTED)), guarded: false })).toMatchObject(missing);
    expect(await guard.bulkStart([await start(UNLISTED)])).toMatchObject([missing]);
    await expect(guard.beginStandalone(await start(UNLISTED))).rejects.toMatchObject({ code: 'model_missing' });
    const session = await begin(guard, await start(claude('sonnet')));
    const turn = aTurn(session, await guard.addAttempt(session.slot.taskId), { model: UNLISTED });
    expect(await guard.startTurn({ ...turn, onModelChange: 'replace' })).toMatchObject(missing);
    expect(await guard.processes(session.id)).toEqual([]);
  });

  test.each([
    'sonnet',
    'default',
    'claude-sonnet-4-5[1m]',
    'anthropic/claude-sonnet-4-5',
    'claude-sonnet-4-5-20250929',
  ])('does not include %s, which such a project accepts', async (typed) => {
    const { start } = await aProject('refused');
    expect(await guard.start(await start(claude(typed)))).toMatchObject({ kind: 'created' });
  });

  test('follows a changed project setting at the next call; a session that has begun continues', async () => {
    const { projectId, start } = await aProject('refused');
    await guard.editProject(projectId, { unlistedModels: 'accepted' });
    const session = await begin(guard, await start(UNLISTED));
    await guard.editProject(projectId, { unlistedModels: 'refused' });
    expect(await guard.start(await start(UNLISTED))).toMatchObject({ kind: 'refused', code: 'model_missing' });
    const attemptId = await guard.addAttempt(session.slot.taskId);
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ kind: 'started' });
  });
});
