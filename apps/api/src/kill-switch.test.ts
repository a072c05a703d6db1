import { readMetric } from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

const GUARD = '/v1/admin/flags/single_session_guard';

let stack: AsyncDisposableStack;
beforeEach(() => {
  stack = new AsyncDisposableStack();
});
afterEach(() => stack.disposeAsync());

/** An API whose only pool connection is taken, with more callers waiting for it than PHASELOCK_MAX_POOL_WAITING. */
async function overloaded(): Promise<TestApi> {
  const test = stack.use(
    await openTestApi({ PHASELOCK_POOL_SIZE: '1', PHASELOCK_MAX_POOL_WAITING: '2', PHASELOCK_RATE_LIMIT: '1' }),
  );
  const { pool } = test.api.guard.database;
  const held = await pool.pg.connect();
  stack.defer(() => held.release());
  for (let waiting = 0; waiting < 4; waiting += 1)
    void pool.pg.connect().then(
      (client) => client.release(),
      () => {},
    );
  return test;
}

describe('while load is shed, the pool is full and the caller is over its rate limit', () => {
  test.each([
    ['killed', 'POST', `${GUARD}/kill`, { why: 'they fail' }],
    ['switched off', 'PUT', GUARD, { enabled: false }],
  ])('the guard can be %s', async (_, method, path, body) => {
    const { call, key, api } = await overloaded();
    expect(await call('GET', '/v1/projects')).toMatchObject({ status: 503, body: { code: 'overloaded' } });
    for (let time = 0; time < 3; time += 1)
      expect(await call(method, path, { body, key })).toMatchObject({
        status: 200,
        body: { enabled: false, killed: true },
      });
    expect(await readMetric(api.guard, 'phaselock_flag_enabled{flag="single_session_guard"}')).toBe(0);
  });

  test('/metrics can be scraped from elsewhere with a valid key within its rate limit', async () => {
    const { api, key } = await overloaded();
    const scrape = async (headers: Record<string, string>): Promise<number> =>
      (await fetch(`${api.url}/metrics`, { headers: { 'X-Forwarded-For': '192.0.2.1', ...headers } })).status;
    expect(await scrape({})).toBe(401);
    expect(await scrape({ Authorization: `Bearer ${key}` })).toBe(200);
    expect(await scrape({ Authorization: `Bearer ${key}` })).toBe(429);
  });

  test('a kill without a valid admin key is refused', async () => {
    const scene = stack.use(await openTestApi());
    const weak = await scene.keyFor(['sessions:write']);
    const held = await scene.api.guard.database.pool.pg.connect();
    const asked = { body: { why: 'they fail' } };
    expect(await scene.call('POST', `${GUARD}/kill`, { ...asked, key: weak })).toMatchObject({ status: 403 });
    expect(await scene.call('POST', `${GUARD}/kill`, { ...asked, key: null })).toMatchObject({ status: 401 });
    expect(await scene.call('POST', `${GUARD}/kill`, { ...asked, key: `${weak}x` })).toMatchObject({ status: 401 });
    held.release();
  });
});

test('a flag whose row is locked can be killed, while another change of it returns 503', async () => {
  const { call, api } = stack.use(await openTestApi());
  const held = await api.guard.database.pool.pg.connect();
  await held.query('begin');
  await held.query('select from flags for update');
  expect(await call('PUT', GUARD, { body: { enabled: true, percent: 50 } })).toMatchObject({ status: 503 });
  expect(await call('POST', `${GUARD}/kill`, { body: { why: 'they fail' } })).toMatchObject({
    status: 200,
    body: { enabled: false },
  });
  await held.query('rollback');
  held.release();
  expect(await call('GET', '/v1/admin/flags')).toMatchObject({
    body: { items: expect.arrayContaining([expect.objectContaining({ name: 'single_session_guard', killed: true })]) },
  });
});

test('a kill does not wait behind flag reads that wait for a lock on the table', async () => {
  const { call, api } = stack.use(await openTestApi());
  const held = await api.guard.database.pool.pg.connect();
  await held.query('begin');
  await held.query('lock table flags in access exclusive mode');
  const asked = Array.from({ length: 6 }, () => call('GET', '/v1/admin/flags'));
  let isAnswered = false;
  void Promise.all(asked).then(() => {
    isAnswered = true;
  });
  expect(await call('POST', `${GUARD}/kill`, { body: { why: 'they fail' } })).toMatchObject({
    status: 200,
    body: { enabled: false },
  });
  expect(isAnswered).toBe(false);
  await held.query('rollback');
  held.release();
  await Promise.all(asked);
});

test('a kill returns backend_unavailable when its key cannot be looked up', async () => {
  const { call, api, keyFor } = stack.use(await openTestApi({ PHASELOCK_DEADLINE_MS: '1000' }));
  const key = await keyFor(['admin']);
  const held = await api.guard.database.pool.pg.connect();
  await held.query('begin');
  await held.query('lock table api_keys in access exclusive mode');
  expect(await call('POST', `${GUARD}/kill`, { key, body: { why: 'they fail' } })).toMatchObject({
    status: 503,
    body: { code: 'backend_unavailable' },
  });
  await held.query('rollback');
  held.release();
});

test('enabling a killed flag releases its kill, and the history lists who changed what, and why', async () => {
  const { call } = stack.use(await openTestApi());
  await call('POST', `${GUARD}/kill`, { body: { why: 'they fail' } });
  expect(await call('PUT', GUARD, { body: { enabled: true, percent: 25, why: 'mended' } })).toMatchObject({
    status: 200,
    body: { enabled: true, killed: false, percent: 25 },
  });
  const first = await call('GET', `${GUARD}/changes?limit=2`);
  expect(first).toMatchObject({
    status: 200,
    body: { items: [{ why: 'mended' }, { why: 'mended', to: { percent: 25 } }] },
  });
  const { next } = Object(first.body);
  expect(await call('GET', `${GUARD}/changes?limit=2&cursor=${next}`)).toMatchObject({
    status: 200,
    body: { items: [{ why: 'they fail' }, { why: 'they fail', actor: 'a test', to: { killed: true } }], next: null },
  });
});

test('a stale If-Match returns 412 and changes nothing, even to disable a flag', async () => {
  const { call } = stack.use(await openTestApi());
  const headers = { 'If-Match': '"99"' };
  expect(await call('PUT', GUARD, { body: { enabled: false }, headers })).toMatchObject({ status: 412 });
  expect(await call('GET', '/v1/admin/flags')).toMatchObject({
    body: { items: expect.arrayContaining([expect.objectContaining({ name: 'single_session_guard', enabled: true })]) },
  });
});

test.each([
  ['POST', '/v1/admin/flags/no_such_flag/kill', { why: 'they fail' }, 404],
  ['POST', `${GUARD}/kill`, {}, 400],
  ['PUT', GUARD, { enabled: true, percent: 101 }, 400],
  ['PUT', GUARD, { enabled: true, percent: '5' }, 400],
  ['PUT', GUARD, { enabled: true, percent: -0.01 }, 400],
])('%s %s with %j returns %i', async (method, path, body, status) => {
  const { call } = stack.use(await openTestApi());
  expect(await call(method, path, { body })).toMatchObject({ status });
});
