import { textField } from '../../fields.ts';
import type { TestApi } from '../../open-test-api.ts';
import type { Side } from './memory.ts';
import { actorOf, type Client, type ClientName } from './seen.ts';
import type { Turn } from './turn.ts';

export type Prepared = { readonly projects: Record<Side, string>; readonly clients: Turn['clients'] };

type Service = Pick<TestApi, 'call'> & { readonly world: { readonly projectId: string } };

/** Creates the second project and the three clients. */
export async function prepareClients({ world, call }: Service): Promise<Prepared> {
  const theirs = textField((await call('POST', '/v1/projects', { body: { name: 'another project' } })).body, 'id');
  // API keys have a name, which the events record as the actor.
  const client = async (name: ClientName, more: readonly string[], projectId?: string): Promise<Client> => {
    const scopes = ['sessions:read', 'sessions:write', ...more];
    const body = { name: actorOf(name), scopes, ...(projectId !== undefined && { projectId }) };
    return { name, key: textField((await call('POST', '/v1/admin/api-keys', { body })).body, 'key') };
  };
  return {
    projects: { ours: world.projectId, theirs },
    clients: {
      all: await client('all', ['sessions:replace', 'archive:read', 'admin']),
      limited: await client('limited', []),
      other: await client('other', ['sessions:replace', 'archive:read'], theirs),
    },
  };
}

const MORE_MODELS = [
  { agent: 'claude-code', name: 'claude-sonnet-4-5-20250929' },
  { agent: 'claude-code', name: 'claude-3-7-sonnet-20250219' },
  { agent: 'claude-code', name: 'fast', standsFor: 'claude-sonnet-4-5' },
  { agent: 'claude-code', name: 'strong', standsFor: 'claude-opus-4-5' },
  { agent: 'codex', name: 'gpt-5-codex' },
  { agent: 'gemini', name: 'gemini-3-pro-preview' },
  { agent: 'gemini', name: 'gemini-2.5-pro' },
] as const;

/** Creates tasks, attempts, and catalogue entries with aliases. */
export async function prepareWorld({ ask, clients, memory }: Turn): Promise<void> {
  await ask(clients.all, 'listModels', { query: { limit: '200' } });
  await ask(clients.all, 'listProfiles', { query: { limit: '200' } });
  for (const body of MORE_MODELS) await ask(clients.all, 'createModel', { body });
  for (const [side, projectId] of Object.entries(memory.projects))
    for (let number = 0; number < 4; number += 1)
      await ask(clients.all, 'createTask', { body: { projectId, title: `${side} ${number}` } });
  for (const taskId of memory.tasks.keys())
    for (let number = 0; number < 2; number += 1) await ask(clients.all, 'createAttempt', { body: { taskId } });
}
