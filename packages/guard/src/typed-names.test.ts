import { type Agent, KNOWN_MODELS, type ModelSelection } from '@phaselock/core';
import { aStart, aTurn, begin, createTestDatabase, runTurn } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OpenGuard, openGuard } from './open-guard.ts';
import { prepareDatabase } from './prepare-database.ts';

/** As a new installation finds it: the names that people type are there, and nobody has worked on the catalogue. */
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

/** What a session that was begun with the first name says to a start with the second. */
async function secondStart(first: ModelSelection, second: ModelSelection) {
  const { start } = await aProject();
  const begun = await start(first);
  await begin(guard, begun);
  return await guard.start({ ...begun, model: second });
}

const LISTED_AGENTS = [...new Set(KNOWN_MODELS.map(({ agent }) => agent))];

describe('a new catalogue', () => {
  test.each(LISTED_AGENTS)('takes each name that %s has, and knows what it stands for', async (agent: Agent) => {
    const { start } = await aProject();
    for (const { name, standsFor } of KNOWN_MODELS.filter((known) => known.agent === agent)) {
      const session = await begin(guard, await start({ agent, model: name }));
      expect(session, name).toMatchObject({ modelStanding: 'listed', identity: { resolvedModel: standsFor ?? name } });
    }
  });

  test.each(LISTED_AGENTS)('has for %s at most one default, and what aliases stand for is no alias', (agent) => {
    const known = KNOWN_MODELS.filter((model) => model.agent === agent);
    expect(known.filter(({ isDefault }) => isDefault).length).toBeLessThanOrEqual(1);
    const models = known.filter(({ standsFor }) => standsFor === null).map(({ name }) => name);
    for (const { standsFor } of known) if (standsFor !== null) expect(models).toContain(standsFor);
  });
});

describe('a name as a person types it', () => {
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
  ])('%s is a model of the catalogue', async (typed, resolvedModel) => {
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
  ])('%s is not the same as %s', async (one, other) => {
    expect(await secondStart(claude(one), claude(other))).toMatchObject({ kind: 'ask' });
  });
});

describe('a name that is not listed', () => {
  const UNLISTED = claude('claude-sonnet-9-9');

  test('is accepted for its family, with a notice that stays with the session', async () => {
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
    ['of a family nobody knows', claude('claude-marvel-1')],
    ['of no family', claude('my-own-model')],
    ["of another agent's model", claude('gpt-6.1-sol')],
    ['of a family that another agent has', { agent: 'codex', model: 'claude-sonnet-9-9' }],
  ])('%s is refused', async (_, selection) => {
    const { start } = await aProject();
    const missing = { kind: 'refused', code: 'model_missing', why: 'model-missing' };
    expect(await guard.start(await start(selection))).toMatchObject(missing);
  });

  test('is refused by every path where the project takes only listed ones', async () => {
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
  ])('is not %s, which such a project takes', async (typed) => {
    const { start } = await aProject('refused');
    expect(await guard.start(await start(claude(typed)))).toMatchObject({ kind: 'created' });
  });

  test('is accepted and refused as the project says from one call to the next; what has begun with it goes on', async () => {
    const { projectId, start } = await aProject('refused');
    await guard.editProject(projectId, { unlistedModels: 'accepted' });
    const session = await begin(guard, await start(UNLISTED));
    await guard.editProject(projectId, { unlistedModels: 'refused' });
    expect(await guard.start(await start(UNLISTED))).toMatchObject({ kind: 'refused', code: 'model_missing' });
    const attemptId = await guard.addAttempt(session.slot.taskId);
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ kind: 'started' });
  });
});
