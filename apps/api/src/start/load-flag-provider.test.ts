import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestApi } from '../../test/open-test-api.ts';
import { loadFlagProvider } from './load-flag-provider.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'phaselock-provider-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function moduleOf(name: string, text: string): Promise<string> {
  const path = join(folder, `${name}.mjs`);
  await writeFile(path, text);
  return path;
}

const PROVIDER = `{
  metadata: { name: 'theirs' },
  resolveBooleanEvaluation: async (flag, otherwise, { targetingKey }) => ({ value: targetingKey === 'ada', reason: 'SPLIT' }),
  resolveStringEvaluation: async (flag, otherwise) => ({ value: otherwise }),
  resolveNumberEvaluation: async (flag, otherwise) => ({ value: otherwise }),
  resolveObjectEvaluation: async (flag, otherwise) => ({ value: otherwise }),
}`;

test.each([
  ['a provider', `export default ${PROVIDER};`],
  ['a function that makes one', `export default async () => (${PROVIDER});`],
])('enrols users by a module that exports %s', async (name, text) => {
  const path = await moduleOf(name.replaceAll(' ', '-'), text);
  await using api = await openTestApi({ PHASELOCK_FLAG_PROVIDER: path });
  const startFor = async (onBehalfOf: string) => {
    const body = { taskId: await api.world.task(), phase: 'run', model: { agent: 'claude-code' }, onBehalfOf };
    return Object((await api.call('POST', '/v1/sessions', { body })).body).outcome;
  };
  expect([await startFor('ada'), await startFor('bob')]).toEqual(['created', 'created-beside']);
});

test.each([
  ['does not parse', 'export default {'],
  ['exports something else', 'export default { metadata: {} };'],
  ['exports nothing by default', 'export const provider = {};'],
  ['fails', 'export default () => { throw new Error("no licence"); };'],
])('reports a module that %s as a configuration mistake', async (name, text) => {
  const path = await moduleOf(name.replaceAll(' ', '-'), text);
  await expect(loadFlagProvider(path)).rejects.toThrow(/PHASELOCK_FLAG_PROVIDER/);
});

test('reports a missing module as a configuration mistake', async () => {
  await expect(loadFlagProvider(join(folder, 'none.mjs'))).rejects.toThrow('could not be loaded');
});
