import { type ModelId, parseModelId, parseProfileId } from '@phaselock/core';
import {
  aStart,
  begin,
  callsWaiting,
  eventually,
  holdLock,
  OPUS,
  openTestGuard,
  SONNET,
  SONNET_NEXT,
  type TestGuard,
} from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

/** The tests change the catalogue, so each has its own. */
let scene: TestGuard;
beforeEach(async () => {
  scene = await openTestGuard();
});
afterEach(() => scene[Symbol.asyncDispose]());

const BY_DEFAULT = { agent: 'claude-code' } as const;

const modelsOf = async () => (await scene.guard.listModels(BY_DEFAULT, { limit: 50 })).items;
const defaults = async () => (await modelsOf()).filter(({ isDefault }) => isDefault).map(({ name }) => name);

async function idOf(name: string): Promise<ModelId> {
  const model = (await modelsOf()).find((item) => item.name === name);
  if (model === undefined) throw new Error(`no such model: ${name}`);
  return model.id;
}

const makeDefault = async (name: string) => scene.guard.editModel(await idOf(name), { isDefault: true });

const holdDefault = () =>
  holdLock(scene.databaseUrl, 'select from models where agent = $1 and is_default for update', [BY_DEFAULT.agent]);

describe('changing the default model', () => {
  test('is atomic: concurrent reads always see exactly one default', async () => {
    const ids = await Promise.all([idOf(SONNET), idOf(OPUS)]);
    await makeDefault(SONNET);
    let done = false;
    const flips = async () => {
      for (let round = 0; round < 40; round += 1) {
        for (const id of ids) await scene.guard.editModel(id, { isDefault: true });
      }
      done = true;
    };
    const reads = async () => {
      const seen: number[] = [];
      while (!done) seen.push((await defaults()).length);
      return new Set(seen);
    };
    const [, ...seen] = await Promise.all([flips(), reads(), reads()]);
    expect(seen).toEqual([new Set([1]), new Set([1])]);
  });

  test('takes effect at its commit: starts before it use the old default', async () => {
    const { guard, world } = scene;
    const resolved = async () => {
      const start = aStart(await world.task(), SONNET, { model: BY_DEFAULT });
      return (await begin(guard, start)).identity.resolvedModel;
    };
    await makeDefault(SONNET);
    const id = await idOf(OPUS);
    await using holder = await holdDefault();
    const edit = guard.editModel(id, { isDefault: true });
    await callsWaiting(scene, 1);
    expect(await defaults()).toEqual([SONNET]);
    expect(await resolved()).toBe(SONNET);
    await holder.letGo();
    await edit;
    expect(await defaults()).toEqual([OPUS]);
    expect(await resolved()).toBe(OPUS);
  });

  test('fails and keeps the old default if the new one is deleted meanwhile', async () => {
    const { guard } = scene;
    await makeDefault(SONNET);
    const opus = await idOf(OPUS);
    await using holder = await holdDefault();
    const edit = Promise.allSettled([guard.editModel(opus, { isDefault: true })]);
    await callsWaiting(scene, 1);
    const remove = guard.deleteModel('claude-code', OPUS);
    const both = Promise.allSettled([edit, remove]);
    await eventually(async () => (await modelsOf()).every(({ name }) => name !== OPUS));
    await holder.letGo();
    await both;
    expect(await edit).toMatchObject([{ status: 'rejected', reason: { code: 'model_not_found' } }]);
    expect(await defaults()).toEqual([SONNET]);
  });

  test('by two concurrent edits leaves the default of the later edit', async () => {
    const { guard } = scene;
    await makeDefault(SONNET);
    const [opus, next] = [await idOf(OPUS), await idOf(SONNET_NEXT)];
    await using holder = await holdDefault();
    const first = guard.editModel(opus, { isDefault: true });
    await callsWaiting(scene, 1);
    const second = guard.editModel(next, { isDefault: true });
    await callsWaiting(scene, 2);
    await holder.letGo();
    expect(await Promise.allSettled([first, second])).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
    expect(await defaults()).toEqual([SONNET_NEXT]);
  });

  test('by an edit and a concurrent new model leaves the default of the later call', async () => {
    const { guard } = scene;
    await makeDefault(SONNET);
    const opus = await idOf(OPUS);
    await using holder = await holdDefault();
    const first = guard.editModel(opus, { isDefault: true });
    await callsWaiting(scene, 1);
    const second = guard.addModel({ ...BY_DEFAULT, name: 'claude-opus-9', isDefault: true });
    await callsWaiting(scene, 2);
    await holder.letGo();
    expect(await Promise.allSettled([first, second])).toMatchObject([{ status: 'fulfilled' }, { status: 'fulfilled' }]);
    expect(await defaults()).toEqual(['claude-opus-9']);
  });

  test('of one agent keeps the defaults of other agents', async () => {
    const { guard } = scene;
    await guard.addModel({ agent: 'codex', name: 'gpt-6.1-sol', isDefault: true });
    await makeDefault(OPUS);
    const { items } = await guard.listModels({ agent: 'codex' }, { limit: 10 });
    expect(items.filter(({ isDefault }) => isDefault)).toMatchObject([{ name: 'gpt-6.1-sol' }]);
  });

  test('is possible after the default model was deleted and left the agent without one', async () => {
    const { guard, world } = scene;
    await makeDefault(OPUS);
    await guard.deleteModel('claude-code', OPUS);
    expect(await defaults()).toEqual([]);
    await makeDefault(SONNET);
    const session = await begin(guard, aStart(await world.task(), SONNET, { model: BY_DEFAULT }));
    expect(session.identity.resolvedModel).toBe(SONNET);
  });
});

describe('an edit', () => {
  test('of a model changes only the given fields, with effect from the next call', async () => {
    const { guard, world } = scene;
    const id = await guard.addModel({ ...BY_DEFAULT, name: 'sonnet', standsFor: SONNET, isDefault: true });
    const entry = async () => (await modelsOf()).find((model) => model.id === id);
    const resolved = async () => (await begin(guard, aStart(await world.task(), 'sonnet'))).identity.resolvedModel;
    expect(await resolved()).toBe(SONNET);
    await guard.editModel(id, { standsFor: OPUS });
    expect(await entry()).toMatchObject({ name: 'sonnet', standsFor: OPUS, isDefault: true });
    expect(await resolved()).toBe(OPUS);
    await guard.editModel(id, { isDefault: false });
    expect(await entry()).toMatchObject({ standsFor: OPUS, isDefault: false });
    await guard.editModel(id, { standsFor: null });
    expect(await entry()).toMatchObject({ standsFor: null, isDefault: false });
    expect(await resolved()).toBe('sonnet');
    await guard.editModel(id, {});
    expect(await entry()).toMatchObject({ standsFor: null, isDefault: false });
  });

  test('of a profile changes only the given fields, with effect from the next call', async () => {
    const { guard, world } = scene;
    const variant = { ...BY_DEFAULT, variant: 'DAILY' };
    const id = await guard.addProfile({ ...variant, model: SONNET, parameters: { verbosity: 'low' } });
    const identity = async () => (await begin(guard, aStart(await world.task(), SONNET, { model: variant }))).identity;
    expect(await identity()).toMatchObject({ model: SONNET, parameters: { verbosity: 'low' } });
    await guard.editProfile(id, { model: OPUS });
    expect(await identity()).toMatchObject({ model: OPUS, parameters: { verbosity: 'low' } });
    await guard.editProfile(id, { parameters: {} });
    expect(await identity()).toMatchObject({ model: OPUS, parameters: {} });
    await guard.editProfile(id, { model: null });
    expect(await identity()).toMatchObject({ model: null, parameters: {} });
  });

  test('that adds a model refuses a name differing only in case, also if concurrent', async () => {
    const { guard } = scene;
    const add = (name: string, standsFor: string) => guard.addModel({ ...BY_DEFAULT, name, standsFor });
    const both = await Promise.allSettled([add('Team-Alias', SONNET), add('TEAM-alias', OPUS)]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    await expect(add('team-ALIAS', OPUS)).rejects.toMatchObject({ code: 'already_exists' });
  });

  test('of an unknown or deleted entry is refused', async () => {
    const { guard } = scene;
    const [nobodysModel, nobodysProfile] = [parseModelId(NOBODYS), parseProfileId(NOBODYS)];
    if (nobodysModel === undefined || nobodysProfile === undefined) throw new Error('not an id');
    const deleted = await idOf(OPUS);
    await guard.deleteModel('claude-code', OPUS);
    for (const id of [nobodysModel, deleted])
      await expect(guard.editModel(id, { isDefault: true })).rejects.toMatchObject({ code: 'model_not_found' });
    await expect(guard.editProfile(nobodysProfile, { model: SONNET })).rejects.toMatchObject({
      code: 'profile_not_found',
    });
  });
});

const NOBODYS = '00000000-0000-7000-8000-000000000000';
