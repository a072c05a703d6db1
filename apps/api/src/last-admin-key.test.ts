import { parseProjectId } from '@phaselock/core';
import { createTestDatabase } from '@phaselock/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listField, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';
import { runKeys } from './start/run-keys.ts';

let stack: AsyncDisposableStack;
let api: TestApi;
beforeEach(async () => {
  stack = new AsyncDisposableStack();
  api = stack.use(await openTestApi());
});
afterEach(() => stack.disposeAsync());

const REFUSED = {
  status: 409,
  body: {
    code: 'last_admin_key',
    title: 'This is the last valid key that may administer the service. Make another one first.',
    retryable: false,
  },
};

async function idOf(key: string): Promise<string> {
  const { body } = await api.call('GET', '/v1/admin/api-keys?limit=200');
  return textField(
    listField(body, 'items').find((item) => textField(item, 'prefix') === key.slice(4, 16)),
    'id',
  );
}
const revoke = async (id: string, as = api.key) => await api.call('DELETE', `/v1/admin/api-keys/${id}`, { key: as });

test('the last valid admin key cannot revoke itself', async () => {
  expect(await revoke(await idOf(api.key))).toMatchObject(REFUSED);
  expect((await api.call('GET', '/v1/admin/flags')).status).toBe(200);
});

test('keys without the admin scope, bound to one project or revoked do not count as admin keys', async () => {
  const id = await idOf(api.key);
  const projectId = parseProjectId(api.world.projectId);
  await api.keyFor(['sessions:read', 'sessions:write', 'sessions:replace', 'archive:read']);
  await api.keyFor(['admin'], projectId);
  const second = await api.keyFor(['admin']);
  expect((await revoke(await idOf(second))).status).toBe(204);
  expect(await revoke(id)).toMatchObject(REFUSED);
});

test('an admin key can be revoked when another exists, and revoking it again changes nothing', async () => {
  const id = await idOf(api.key);
  const second = await api.keyFor(['admin']);
  expect((await revoke(id)).status).toBe(204);
  expect((await revoke(id, second)).status).toBe(204);
  expect(await api.call('GET', '/v1/admin/flags')).toMatchObject({ status: 401 });
});

test('at least one admin key is left when several revoke each other at the same time', async () => {
  const keys = [api.key, ...(await Promise.all(Array.from({ length: 5 }, () => api.keyFor(['admin']))))];
  const ids = await Promise.all(keys.map(idOf));
  const victims = ids.map((_, index) => ids[(index + 1) % ids.length] ?? '');
  await Promise.all(keys.map((key, index) => revoke(victims[index] ?? '', key)));
  const left = await api.api.guard.database.pool.pg.query(
    `select 1 from api_keys where revoked_at is null and project_id is null and 'admin' = any (scopes)`,
  );
  expect(left.rowCount).toBeGreaterThanOrEqual(1);
});

test('the guard library refuses one of two concurrent revocations of the last admin keys', async () => {
  const { guard } = api.api;
  const second = await api.keyFor(['admin']);
  const found = await Promise.all([api.key, second].map((key) => guard.findApiKey(key.slice(4, 16))));
  const outcomes = await Promise.allSettled(found.map((key) => guard.revokeApiKey(key?.id ?? never())));
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
});

test('the keys command revokes the last admin key only with --force', async () => {
  const said: string[] = [];
  const { url } = stack.use(await createTestDatabase());
  const keys = (...args: string[]) =>
    runKeys({ env: { PHASELOCK_DATABASE_URL: url }, args, say: (text) => void said.push(text), note: () => {} });
  await keys('create', '--name', 'first', '--scopes', 'admin');
  const key = said.pop()?.split('\n')[0] ?? '';
  await expect(keys('revoke', key)).rejects.toThrow('the last valid key with the scope admin');
  await keys('revoke', '--force', key);
  await keys('list');
  expect(said.join('\n')).toContain('revoked 20');
});

function never(): never {
  throw new Error('there is no such key');
}
