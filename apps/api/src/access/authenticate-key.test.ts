import { makeApiKey, type StoredKey } from '@phaselock/access';
import { parseApiKeyId } from '@phaselock/core';
import { describe, expect, test } from 'vitest';
import { authenticateKeys } from './authenticate-key.ts';

const ID = parseApiKeyId('01936f6e-0000-7000-8000-000000000001');

async function withKeys(stored: Partial<StoredKey> = {}) {
  if (ID === undefined) throw new Error('no id');
  const { key, prefix, secretSha256 } = makeApiKey();
  const row: StoredKey = {
    id: ID,
    name: 'ci',
    secretSha256,
    scopes: ['sessions:read', 'no-such-scope'],
    projectId: null,
    revokedAt: null,
    ...stored,
  };
  const world = { now: 0, looked: 0, down: false, touched: [] as string[] };
  const keys = authenticateKeys({
    find: async (asked) => {
      world.looked += 1;
      if (world.down) throw new Error('database away');
      return asked === prefix ? row : undefined;
    },
    touch: async (ids) => void world.touched.push(...ids),
    now: () => world.now,
  });
  return { key, world, keys };
}

describe('a key', () => {
  test('is its name and the scopes that are known', async () => {
    const { key, keys } = await withKeys();
    expect(await keys.authenticate(key)).toMatchObject({ id: `key:${ID}`, name: 'ci', scopes: ['sessions:read'] });
  });

  test.each([
    ['another secret', (key: string) => `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`],
    ['another prefix', (key: string) => `plk_${'A'.repeat(12)}${key.slice(16)}`],
    ['a part of it', (key: string) => key.slice(0, -1)],
    ['more than it', (key: string) => `${key}A`],
    ['its prefix', (key: string) => key.slice(0, 16)],
    ['nothing', () => ''],
  ])('%s is nobody', async (_what, change) => {
    const { key, keys } = await withKeys();
    expect(await keys.authenticate(change(key))).toBeUndefined();
  });

  test('that was revoked is nobody', async () => {
    const { key, keys } = await withKeys({ revokedAt: new Date() });
    expect(await keys.authenticate(key)).toBeUndefined();
  });

  test('is looked up once every four seconds, found or not, unless something changed here', async () => {
    const { key, keys, world } = await withKeys();
    const unknown = makeApiKey().key;
    for (const each of [key, key, unknown, unknown]) await keys.authenticate(each);
    expect(world.looked).toBe(2);
    world.now = 4_000;
    await keys.authenticate(key);
    expect(world.looked).toBe(3);
    keys.forget();
    await keys.authenticate(key);
    expect(world.looked).toBe(4);
  });

  test('that could not be looked up is asked for again', async () => {
    const { key, keys, world } = await withKeys();
    world.down = true;
    await expect(keys.authenticate(key)).rejects.toThrow('database away');
    world.down = false;
    expect(await keys.authenticate(key)).toBeDefined();
  });

  test('has its use written down at the end, and only where it was valid', async () => {
    const { key, keys, world } = await withKeys();
    await keys.authenticate(makeApiKey().key);
    await keys.authenticate(key);
    await keys[Symbol.asyncDispose]();
    expect(world.touched).toEqual([ID]);
  });
});

test('no two keys are alike, and none can be read out of what is kept', () => {
  const made = makeApiKey();
  expect(makeApiKey().key).not.toBe(made.key);
  expect(made.key).toMatch(/^plk_[\w-]{12}_[\w-]{43}$/);
  expect(made.secretSha256).toHaveLength(32);
});
