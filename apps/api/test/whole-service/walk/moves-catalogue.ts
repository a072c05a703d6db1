import { type Entry, liveEntries } from './catalogue.ts';
import type { Operation } from './operations.ts';
import type { Body } from './seen.ts';
import { chooseClient, type Move, maybeKey, type Turn } from './turn.ts';

const TARGETS = ['claude-sonnet-4-5', 'claude-opus-4-5', 'claude-haiku-4-5', 'claude-sonnet-4-6'] as const;
const AGENT = 'claude-code';
const MODEL = /^\/v1\/models\/\{\w+\}$/;
const PROFILE = /^\/v1\/profiles\/\{\w+\}$/;

/**
 * Changes the meaning of an alias while sessions use it: with one call if the API has it, otherwise by deleting and
 * creating it.
 */
export const moveAlias: Move = async (turn) => {
  const { random, ask, clients, catalogue, operations } = turn;
  const name = random.pick(['fast', 'strong']);
  const now = liveEntries(catalogue, 'model').find((entry) => entry.name === name);
  const body = { agent: AGENT, name, standsFor: random.pick(TARGETS) };
  if (now === undefined) return void (await ask(clients.all, 'createModel', { body }));
  const update = operations.at('PUT', MODEL);
  if (update !== undefined && random.chance(0.6)) return edit(turn, update, now, body);
  await ask(clients.all, 'deleteModel', { params: { modelId: now.id } });
  await ask(clients.all, 'createModel', { body });
};

/** Changes the default model in the same way. */
export const moveDefault: Move = async (turn) => {
  const { random, ask, clients, catalogue, operations } = turn;
  const now = liveEntries(catalogue, 'model').filter((entry) => entry.isDefault && entry.agent === AGENT);
  for (const { id, name } of now) {
    await ask(clients.all, 'deleteModel', { params: { modelId: id } });
    await ask(clients.all, 'createModel', { body: { agent: AGENT, name } });
  }
  const next = random.pick(TARGETS);
  const entry = liveEntries(catalogue, 'model').find(({ name }) => name === next);
  const update = operations.at('PUT', MODEL);
  if (entry !== undefined && update !== undefined && random.chance(0.7))
    return edit(turn, update, entry, { agent: AGENT, name: next, isDefault: true });
  if (entry !== undefined) await ask(clients.all, 'deleteModel', { params: { modelId: entry.id } });
  await ask(clients.all, 'createModel', { body: { agent: AGENT, name: next, isDefault: random.chance(0.8) } });
};

/** Sends only the fields the operation accepts, because the name of a model may not be changeable. */
async function edit({ ask, clients }: Turn, { id, bodyFields }: Operation, entry: Entry, body: Body): Promise<void> {
  const changes = Object.fromEntries(Object.entries(body).filter(([name]) => bodyFields.includes(name)));
  await ask(clients.all, id, { params: { modelId: entry.id, profileId: entry.id }, body: changes });
}

/** Deletes a model that is created again later. A client without permission must have no effect. */
export const makeAndDeleteModels: Move = async (turn) => {
  const { random, ask, catalogue, step } = turn;
  const client = chooseClient(turn);
  const names = new Set(liveEntries(catalogue, 'model').map(({ name }) => name));
  const missing = WANTED.filter(({ name }) => !names.has(name));
  const key = maybeKey(turn, 'createModel');
  if (missing.length > 0 && random.chance(0.8))
    return void (await ask(turn.clients.all, 'createModel', { body: random.pick(missing), ...key }));
  if (random.chance(0.5)) {
    const made = { agent: 'opencode', name: `model-${step}-of-${client.name}` };
    return void (await ask(client, 'createModel', { body: made, ...key }));
  }
  const victim = random.maybe(liveEntries(catalogue, 'model'));
  if (victim !== undefined) await ask(client, 'deleteModel', { params: { modelId: victim.id } });
};

const WANTED: readonly { readonly agent: string; readonly name: string }[] = [
  ...['claude-sonnet-4-5', 'claude-sonnet-4-6', 'claude-opus-4-5', 'claude-haiku-4-5'].map((name) => ({
    agent: AGENT,
    name,
  })),
  ...['claude-sonnet-4-5-20250929', 'claude-3-7-sonnet-20250219'].map((name) => ({ agent: AGENT, name })),
  ...['gpt-5.1-codex', 'gpt-5-codex'].map((name) => ({ agent: 'codex', name })),
  ...['gemini-3-pro-preview', 'gemini-2.5-pro'].map((name) => ({ agent: 'gemini', name })),
];

/** Deletes a profile or changes its meaning. */
export const moveProfile: Move = async (turn) => {
  const { random, ask, catalogue, operations, step } = turn;
  const client = random.chance(0.7) ? turn.clients.all : chooseClient(turn);
  const now = random.maybe(liveEntries(catalogue, 'profile'));
  const meaning = {
    model: random.pick([...TARGETS, 'fast']),
    ...(random.chance(0.3) && { parameters: { reasoning_effort: random.pick(['low', 'high']) } }),
  };
  if (now === undefined || random.chance(0.15))
    return void (await ask(client, 'createProfile', {
      body: { agent: AGENT, variant: `P${step}`, ...meaning },
      ...maybeKey(turn, 'createProfile'),
    }));
  const params = { profileId: now.id };
  const update = operations.at('PUT', PROFILE);
  if (update !== undefined && random.chance(0.6))
    return edit(turn, update, now, { agent: AGENT, variant: now.name, ...meaning });
  await ask(client, 'deleteProfile', { params });
  await ask(client, 'createProfile', { body: { agent: AGENT, variant: now.name, ...meaning } });
};
