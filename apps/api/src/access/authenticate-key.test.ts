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

describe('an API key', () => {
  test('authenticates with its name and those of its scopes that are defined', async () => {
    const { key, keys } = await withKeys();
    expect(await keys.authenticate(key)).toMatchObject({ id: `key:${ID}`, name: 'ci', scopes: ['sessions:read'] });
  });

  test.each([
    ['a wrong secret', (key: string) => `${key.slice(0, -1)}${key.endsWith('A') ? 'B' : 'A'}`],
    ['a wrong prefix', (key: string) => `plk_${'A'.repeat(12)}${key.slice(16)}`],
    ['its last character missing', (key: string) => key.slice(0, -1)],
    ['one character more', (key: string) => `${key}A`],
    ['no secret', (key: string) => key.slice(0, 16)],
    ['an empty text', () => ''],
  ])('is rejected with %s', async (_what, change) => {
    const { key, keys } = await withKeys();
    expect(await keys.authenticate(change(key))).toBeUndefined();
  });

  test('is rejected after it was revoked', async () => {
    const { key, keys } = await withKeys({ revokedAt: new Date() });
    expect(await keys.authenticate(key)).toBeUndefined();
  });

  test('is looked up at most every four seconds, found or not, unless forget() clears the cache', async () => {
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

  test('is looked up again after a failed lookup', async () => {
    const { key, keys, world } = await withKeys();
    world.down = true;
    await expect(keys.authenticate(key)).rejects.toThrow('database away');
    world.down = false;
    expect(await keys.authenticate(key)).toBeDefined();
  });

  test('is recorded as used on disposal, and only if it was valid', async () => {
    const { key, keys, world } = await withKeys();
    await keys.authenticate(makeApiKey().key);
    await keys.authenticate(key);
    await keys[Symbol.asyncDispose]();
    expect(world.touched).toEqual([ID]);
  });
});

test('makeApiKey returns a different key each time, with a hash of its secret for storage', () => {
  const made = makeApiKey();
  expect(makeApiKey().key).not.toBe(made.key);
  expect(made.key).toMatch(/^plk_[\w-]{12}_[\w-]{43}$/);
  expect(made.secretSha256).toHaveLength(32);
});
