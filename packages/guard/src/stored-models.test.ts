import type { ModelId, SessionId } from '@phaselock/core';
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
  shown,
  startedOf,
  type TestGuard,
} from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Start } from './start-request.ts';

/** The tests change the catalogue, so each has its own. */
let scene: TestGuard;
let alias: ModelId;
beforeEach(async () => {
  scene = await openTestGuard();
  alias = await scene.guard.addModel({ agent: 'claude-code', name: 'sonnet', standsFor: SONNET });
});
afterEach(() => scene[Symbol.asyncDispose]());

const SONNET_BY_ALIAS = { agent: 'claude-code', model: 'sonnet' } as const;
const moveAlias = (standsFor: string) => scene.guard.editModel(alias, { standsFor });

async function inSession(model: Start['model'] = SONNET_BY_ALIAS) {
  const taskId = await scene.world.task();
  const start = aStart(taskId, SONNET, { model });
  const session = await begin(scene.guard, start);
  const attemptId = await scene.world.attempt(taskId);
  return { taskId, start, session, attemptId, id: `told ${session.id}` };
}

const resolvedOf = async (id: SessionId) => ({
  session: (await scene.guard.session(id)).identity.resolvedModel,
  processes: (await scene.guard.processes(id)).map(({ resolved_model }) => resolved_model),
});

describe('an alias that was moved to another model', () => {
  test('between two starts makes the second start a question', async () => {
    const { guard } = scene;
    const { taskId, start, session } = await inSession();
    expect(await guard.start(start)).toMatchObject({ kind: 'existing' });
    await moveAlias(OPUS);
    expect(await guard.start(start)).toMatchObject({ kind: 'ask', question: 'replace', shown: shown(session) });
    expect(await guard.start(aStart(taskId, SONNET))).toMatchObject({ kind: 'existing', session: { id: session.id } });
    await moveAlias(SONNET);
    expect(await guard.start(start)).toMatchObject({ kind: 'existing', session: { id: session.id } });
  });

  test('between a start and its first turn leaves the turn with the model of the start', async () => {
    const { guard } = scene;
    const { session, attemptId } = await inSession();
    await moveAlias(OPUS);
    expect(await guard.startTurn(aTurn(session, attemptId, { model: SONNET_BY_ALIAS }))).toMatchObject({
      kind: 'ask',
      question: 'replace',
    });
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ kind: 'started', reason: 'first' });
    expect(await resolvedOf(session.id)).toEqual({ session: SONNET, processes: [SONNET] });
  });

  test('between two turns leaves the conversation with the model that made it', async () => {
    const { guard } = scene;
    const { session, attemptId, id } = await inSession();
    await runTurn(guard, aTurn(session, attemptId), id);
    await moveAlias(OPUS);
    expect(await runTurn(guard, aTurn(session, attemptId), id)).toMatchObject({
      passedSessionId: id,
      reason: 'same-model',
    });
    expect(await resolvedOf(session.id)).toEqual({ session: SONNET, processes: [SONNET, SONNET] });
    const byAlias = aTurn(session, attemptId, { model: SONNET_BY_ALIAS });
    expect(await guard.startTurn(byAlias)).toMatchObject({ kind: 'ask', question: 'replace' });
    const fresh = startedOf(await guard.startTurn({ ...byAlias, onModelChange: 'replace' }));
    expect(fresh).toMatchObject({ passedSessionId: null, reason: 'model-changed', replaced: shown(session) });
    expect(await resolvedOf(fresh.session.sessionId)).toEqual({ session: OPUS, processes: [OPUS] });
  });

  test('before a retry leaves the named conversation with the model that made it', async () => {
    const { guard } = scene;
    const { session, attemptId, id } = await inSession();
    await runTurn(guard, aTurn(session, attemptId), id);
    await moveAlias(OPUS);
    const byAlias = { model: SONNET_BY_ALIAS, onModelChange: 'replace' } as const;
    const replaced = startedOf(await guard.startTurn(aTurn(session, attemptId, byAlias)));
    const { sessionId, generation, processId } = { ...replaced, ...replaced.session };
    const told = agentId(`opus ${id}`);
    await guard.finishTurn({ sessionId, generation, processId, ending: 'completed', agentSessionId: told });
    const retry = { sessionId, generation, attemptId, preRetryId: agentId(id) };
    expect(await guard.startTurn({ ...retry, model: SONNET_BY_ALIAS })).toMatchObject({ question: 'replace' });
    const byName = { ...retry, model: { agent: 'claude-code', model: SONNET } } as const;
    // The retry also leaves the session of another model, which needs a confirmation.
    expect(await guard.startTurn(byName)).toMatchObject({ question: 'replace', shown: replaced.session });
    expect(await guard.startTurn({ ...byName, onModelChange: 'replace' })).toMatchObject({
      passedSessionId: id,
      reason: 'same-model',
      replaced: replaced.session,
    });
  });

  test('by a minor version only may be kept, which stores the new model', async () => {
    const { guard } = scene;
    const { start, session } = await inSession();
    await moveAlias(SONNET_NEXT);
    expect(await guard.start(start)).toMatchObject({ kind: 'ask', question: 'keep-or-replace' });
    expect(await guard.start({ ...start, say: { kind: 'keep' } })).toMatchObject({ kind: 'existing' });
    expect((await resolvedOf(session.id)).session).toBe(SONNET_NEXT);
    await moveAlias(OPUS);
    expect(await guard.start(start)).toMatchObject({ kind: 'ask', question: 'replace' });
  });

  test('leaves an unguarded session with the model that it began with', async () => {
    const { guard, world } = scene;
    const start = aStart(await world.task(), SONNET, { model: SONNET_BY_ALIAS });
    await begin(guard, { ...start, guarded: false });
    await moveAlias(OPUS);
    expect(await guard.start(start)).toMatchObject({ kind: 'ask', question: 'replace' });
  });
});

test('a session without a stored resolved model has its model name resolved at its next turn', async () => {
  const { guard } = scene;
  const { start, session, attemptId, id } = await inSession();
  await runTurn(guard, aTurn(session, attemptId), id);
  for (const [table, column] of [
    ['sessions', 'id'],
    ['processes', 'session_id'],
  ])
    await guard.database.pool.pg.query(`update ${table} set resolved_model = null where ${column} = $1`, [session.id]);
  expect(await runTurn(guard, aTurn(session, attemptId), id)).toMatchObject({ passedSessionId: id });
  expect(await resolvedOf(session.id)).toEqual({ session: SONNET, processes: [null, SONNET] });
  await moveAlias(OPUS);
  expect(await guard.start(start)).toMatchObject({ kind: 'ask', question: 'replace' });
});

test('every operation that begins a session stores the resolved model', async () => {
  const { guard, world } = scene;
  const byAlias = async () => aStart(await world.task(), SONNET, { model: SONNET_BY_ALIAS });
  const fresh = await inSession();
  await runTurn(guard, aTurn(fresh.session, fresh.attemptId), fresh.id);
  const turn = aTurn(fresh.session, fresh.attemptId, { skipContext: true, model: SONNET_BY_ALIAS });
  const [bulk] = await guard.bulkStart([await byAlias()]);
  if (bulk?.kind !== 'created') throw new Error(`nothing was begun: ${bulk?.kind}`);
  const ids = [
    startedOf(await guard.startTurn(turn)).session.sessionId,
    bulk.session.id,
    (await guard.beginStandalone(await byAlias())).id,
    (await guard.beginStandalone({ ...(await byAlias()), milestoneId: 'M1' })).id,
    (await begin(guard, { ...(await byAlias()), guarded: false })).id,
    (await begin(guard, { ...(await byAlias()), milestoneId: 'M1' })).id,
  ];
  await moveAlias(OPUS);
  for (const id of ids) {
    expect((await guard.session(id)).identity).toMatchObject({ model: 'sonnet', resolvedModel: SONNET });
    expect(await guard.session(id)).toMatchObject({ modelStanding: 'listed' });
  }
});

describe('a changed default model of an agent', () => {
  const BY_DEFAULT = { agent: 'claude-code' } as const;
  const makeDefault = async (name: string) => {
    const { items } = await scene.guard.listModels({ agent: 'claude-code' }, { limit: 50 });
    const model = items.find((item) => item.name === name);
    if (model === undefined) throw new Error(`no such model: ${name}`);
    await scene.guard.editModel(model.id, { isDefault: true });
  };
  beforeEach(() => makeDefault(SONNET));

  test.each([[BY_DEFAULT], [{ ...BY_DEFAULT, model: 'default' }]])(
    'is another model for a start: %o',
    async (model) => {
      const { guard } = scene;
      const { taskId, start, session } = await inSession(model);
      await makeDefault(OPUS);
      expect(await guard.start(start)).toMatchObject({ kind: 'ask', question: 'replace' });
      expect(await guard.start(aStart(taskId, SONNET))).toMatchObject({
        kind: 'existing',
        session: { id: session.id },
      });
    },
  );

  test('leaves a conversation with the model that made it', async () => {
    const { guard } = scene;
    const { session, attemptId, id } = await inSession(BY_DEFAULT);
    await runTurn(guard, aTurn(session, attemptId), id);
    await makeDefault(OPUS);
    const byDefault = aTurn(session, attemptId, { model: BY_DEFAULT });
    expect(await guard.startTurn(byDefault)).toMatchObject({ kind: 'ask', question: 'replace' });
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ passedSessionId: id });
    expect(await resolvedOf(session.id)).toEqual({ session: SONNET, processes: [SONNET, SONNET] });
  });
});

describe('a profile whose model is an alias', () => {
  const BY_PROFILE = { agent: 'claude-code', variant: 'DAILY' } as const;

  test('leaves a session with its resolved model when the alias or the profile changes', async () => {
    const { guard } = scene;
    const profile = await guard.addProfile({ ...BY_PROFILE, model: 'sonnet' });
    const { start, session, attemptId, id } = await inSession(BY_PROFILE);
    await runTurn(guard, aTurn(session, attemptId), id);
    const byProfile = aTurn(session, attemptId, { model: BY_PROFILE });
    await moveAlias(OPUS);
    expect(await guard.start(start)).toMatchObject({ kind: 'ask', question: 'replace' });
    expect(await guard.startTurn(byProfile)).toMatchObject({ kind: 'ask', question: 'replace' });
    await guard.editProfile(profile, { model: SONNET });
    expect(await guard.start(start)).toMatchObject({ kind: 'existing', session: { id: session.id } });
    expect(await runTurn(guard, byProfile, id)).toMatchObject({ passedSessionId: id });
    await guard.editProfile(profile, { model: OPUS });
    expect(await guard.startTurn(byProfile)).toMatchObject({ kind: 'ask', question: 'replace' });
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ passedSessionId: id });
    expect(await resolvedOf(session.id)).toEqual({ session: SONNET, processes: [SONNET, SONNET, SONNET] });
  });
});

describe('an alias', () => {
  test('whose target was deleted is refused, and so is a session that began with it', async () => {
    const { guard, world } = scene;
    const { session, attemptId, start } = await inSession();
    await guard.deleteModel('claude-code', SONNET);
    const missing = { kind: 'refused', code: 'model_missing', why: 'model-deleted' };
    const elsewhere = aStart(await world.task(), SONNET, { model: SONNET_BY_ALIAS });
    expect(await guard.start(elsewhere)).toMatchObject(missing);
    expect(await guard.start(start)).toMatchObject(missing);
    await expect(guard.beginStandalone(elsewhere)).rejects.toMatchObject({ code: 'model_missing' });
    expect(await guard.bulkStart([elsewhere])).toMatchObject([missing]);
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ kind: 'refused', code: 'model_missing' });
    expect(await guard.session(session.id)).toMatchObject({ modelStanding: 'gone' });
  });

  test('that was moved away from a deleted model may replace the session of that model', async () => {
    const { guard } = scene;
    const { session, start } = await inSession();
    await guard.deleteModel('claude-code', SONNET);
    await moveAlias(SONNET_NEXT);
    expect(await guard.start(start)).toMatchObject({ kind: 'ask', question: 'replace', shown: shown(session) });
    const replace = { kind: 'replace', shown: shown(session) } as const;
    expect(await guard.start({ ...start, say: replace })).toMatchObject({ kind: 'replaced' });
  });

  test.each([
    ['an unknown name', 'no-such-model'],
    ['itself', 'sonnet'],
  ])('of %s is refused', async (_, standsFor) => {
    const { guard, world } = scene;
    await moveAlias(standsFor);
    const start = aStart(await world.task(), SONNET, { model: SONNET_BY_ALIAS });
    expect(await guard.start(start)).toMatchObject({ kind: 'refused', code: 'model_missing', why: 'model-missing' });
  });
});
