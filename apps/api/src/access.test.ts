import { ERRORS } from '@phaselock/core';
import { SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listField, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const model = { agent: 'claude-code', model: SONNET };

describe('without a valid key', () => {
  test.each([
    ['no key', null],
    ['an unknown key', `plk_${'a'.repeat(12)}_${'b'.repeat(43)}`],
    ['a malformed key', 'nonsense'],
  ])('returns 401 for %s', async (_what, key) => {
    const refused = await api.call('GET', '/v1/sessions', { key });
    expect(refused.body).toMatchObject({ code: 'unauthorized', title: ERRORS.unauthorized.text });
    expect(refused.headers.get('www-authenticate')).toContain('Bearer');
  });

  test('returns 401 for a known prefix with a wrong secret', async () => {
    const key = await api.keyFor(['admin']);
    expect((await api.call('GET', '/v1/sessions', { key: `${key.slice(0, 17)}${'A'.repeat(43)}` })).status).toBe(401);
  });

  test('serves health checks, the API reference, error pages and local metrics', async () => {
    for (const path of ['/healthz', '/readyz', '/openapi.json', '/docs', '/errors', '/errors/forbidden', '/metrics']) {
      expect((await api.call('GET', path, { key: null })).status).toBe(200);
    }
  });
});

describe('scopes', () => {
  test('sessions:read may not write, and sessions:write may neither replace nor administer', async () => {
    const [reader, writer] = [await api.keyFor(['sessions:read']), await api.keyFor(['sessions:write'])];
    const taskId = await api.world.task();
    const start = { body: { taskId, phase: 'run', model } };
    expect((await api.call('GET', '/v1/sessions', { key: reader })).status).toBe(200);
    expect((await api.call('POST', '/v1/sessions', { ...start, key: reader })).body).toMatchObject({
      code: 'forbidden',
      detail: 'needs the scope sessions:write',
    });
    const started = await api.call('POST', '/v1/sessions', { ...start, key: writer });
    expect(started.status).toBe(201);
    const confirm = { kind: 'replace', shown: { sessionId: textField(started.body, 'session.id'), generation: 1 } };
    const other = { taskId, phase: 'run', model: { agent: 'claude-code', model: 'claude-opus-4-5' }, confirm };
    const forbidden = { code: 'forbidden', detail: 'needs the scope sessions:replace' };
    expect((await api.call('POST', '/v1/sessions', { body: other, key: writer })).body).toMatchObject(forbidden);
    const many = await api.call('POST', '/v1/sessions/bulk', { body: { items: [other] }, key: writer });
    expect(many.body).toMatchObject({ results: [{ status: 403, answer: null, problem: forbidden }] });
    expect((await api.call('GET', '/v1/admin/flags', { key: writer })).status).toBe(403);
    const replacer = await api.keyFor(['sessions:write', 'sessions:replace']);
    expect((await api.call('POST', '/v1/sessions', { body: other, key: replacer })).status).toBe(201);
  });
});

describe('a key bound to one project', () => {
  test('gets 404 for every resource of another project', async () => {
    const mine = await api.api.guard.addProject('mine');
    const key = await api.keyFor(['sessions:read', 'sessions:write', 'sessions:replace'], mine);
    const theirTask = await api.world.task();
    const theirAttempt = await api.world.attempt(theirTask);
    const theirs = await api.call('POST', '/v1/sessions', { body: { taskId: theirTask, phase: 'run', model } });
    const id = textField(theirs.body, 'session.id');

    const asked: [string, string, object?][] = [
      ['GET', `/v1/sessions/${id}`],
      ['GET', `/v1/sessions/${id}/export`],
      ['GET', `/v1/sessions/${id}/events`],
      ['GET', `/v1/sessions/${id}/logs`],
      ['GET', `/v1/sessions/${id}/feedback`],
      ['GET', `/v1/sessions/${id}/processes`],
      ['DELETE', `/v1/sessions/${id}`],
      ['POST', `/v1/sessions/${id}/stop`, { generation: 1 }],
      ['POST', `/v1/sessions/${id}/feedback`, { rating: 'bad' }],
      ['POST', `/v1/sessions/${id}/turns`, { generation: 1, attemptId: theirAttempt }],
      ['GET', `/v1/tasks/${theirTask}`],
      ['DELETE', `/v1/tasks/${theirTask}`],
      ['GET', `/v1/tasks/${theirTask}/changes`],
      ['GET', `/v1/tasks/${theirTask}/sessions/latest?phase=run`],
      ['GET', `/v1/projects/${api.world.projectId}/changes`],
      ['GET', `/v1/tasks?projectId=${api.world.projectId}`],
      ['GET', `/v1/sessions?taskId=${theirTask}`],
      ['GET', `/v1/sessions?projectId=${api.world.projectId}`],
      ['GET', `/v1/attempts?taskId=${theirTask}`],
      ['GET', `/v1/attempts/${theirAttempt}/processes`],
      ['DELETE', `/v1/attempts/${theirAttempt}`],
      ['POST', '/v1/attempts', { taskId: theirTask }],
      ['POST', '/v1/tasks', { projectId: api.world.projectId, title: 'x' }],
      ['POST', '/v1/sessions', { taskId: theirTask, phase: 'run', model }],
      ['POST', '/v1/sessions/standalone', { taskId: theirTask, phase: 'run', model }],
      ['POST', '/v1/sessions/bulk', { items: [{ taskId: theirTask, phase: 'run', model }] }],
      ['POST', '/v1/sessions/latest', { taskIds: [theirTask] }],
      ['POST', '/v1/sessions/bulk-delete', { sessionIds: [id] }],
    ];
    for (const [method, path, body] of asked) {
      const { status } = await api.call(method, path, { key, ...(body && { body }) });
      expect(status, `${method} ${path}`).toBe(404);
    }
    const list = await api.call('GET', '/v1/sessions', { key });
    expect(listField(list.body, 'items')).toEqual([]);
    const projects = await api.call('GET', '/v1/projects', { key });
    expect(listField(projects.body, 'items')).toMatchObject([{ id: mine }]);
    expect((await api.call('GET', `/v1/sessions/${id}`)).body).toMatchObject({ deletedAt: null });
  });

  test('starts sessions in its own project and gets 403 on admin routes', async () => {
    const mine = await api.api.guard.addProject('mine');
    const key = await api.keyFor(['admin'], mine);
    const task = await api.call('POST', '/v1/tasks', { body: { projectId: mine, title: 'x' }, key });
    const body = { taskId: textField(task.body, 'id'), phase: 'run', model };
    expect((await api.call('POST', '/v1/sessions', { body, key })).status).toBe(201);
    expect((await api.call('POST', '/v1/projects', { body: { name: 'x' }, key })).status).toBe(403);
    expect((await api.call('GET', '/v1/admin/api-keys', { key })).body).toMatchObject({
      code: 'forbidden',
      detail: 'needs a key or token for all projects',
    });
  });
});

describe('administration', () => {
  test('shows a new key once; revoking it ends its open stream and causes 401 from then on', async () => {
    const made = await api.call('POST', '/v1/admin/api-keys', { body: { name: 'ci', scopes: ['sessions:read'] } });
    const key = textField(made.body, 'key');
    expect((await api.call('GET', '/v1/sessions', { key })).status).toBe(200);
    const list = await api.call('GET', '/v1/admin/api-keys');
    expect(list.text).not.toContain(key.slice(17));
    const changes = `/v1/tasks/${await api.world.task()}/changes`;
    const stream = await fetch(`${api.api.url}${changes}`, { headers: { Authorization: `Bearer ${key}` } });
    expect(stream.status).toBe(200);
    expect((await api.call('DELETE', `/v1/admin/api-keys/${textField(made.body, 'id')}`)).status).toBe(204);
    expect((await api.call('GET', '/v1/sessions', { key })).status).toBe(401);
    await expect(stream.text()).resolves.toBe('retry: 1000\n\n');
    expect((await api.call('GET', changes, { key })).status).toBe(401);
  });

  test('leaves starts unguarded while single_session_guard is disabled, and guards them afterwards', async () => {
    const taskId = await api.world.task();
    const start = () => api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model } });
    const flag = '/v1/admin/flags/single_session_guard';
    const off = await api.call('PUT', flag, { body: { enabled: false } });
    expect(off.body).toMatchObject({ enabled: false, updatedBy: 'a test' });
    expect([(await start()).body, (await start()).body]).toMatchObject([
      { outcome: 'created-beside' },
      { outcome: 'created-beside' },
    ]);
    const stale = await api.call('PUT', flag, { body: { enabled: true }, headers: { 'If-Match': '"1"' } });
    expect(stale.status).toBe(412);
    await api.call('PUT', flag, { body: { enabled: true }, headers: { 'If-Match': off.headers.get('etag') ?? '' } });
    expect((await start()).body).toMatchObject({ outcome: 'existing' });
  });

  test.each([
    ['locking_strategy', { enabled: true, value: 'zookeeper' }, 400],
    ['locking_strategy', { enabled: true, value: 'redis' }, 200],
    ['no_such_flag', { enabled: true }, 404],
  ])('PUT of flag %s with %o returns %i', async (name, body, status) => {
    expect((await api.call('PUT', `/v1/admin/flags/${name}`, { body })).status).toBe(status);
  });

  test('refuses to delete a task or project that has sessions', async () => {
    const taskId = await api.world.task();
    await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model } });
    for (const path of [`/v1/tasks/${taskId}`, `/v1/projects/${api.world.projectId}`]) {
      expect((await api.call('DELETE', path)).body).toMatchObject({ code: 'still_in_use', status: 409 });
    }
    const empty = await api.world.task();
    expect((await api.call('DELETE', `/v1/tasks/${empty}`)).status).toBe(204);
    expect((await api.call('GET', `/v1/tasks/${empty}`)).body).toMatchObject({ code: 'task_not_found' });
  });
});

describe('limits', () => {
  test('return 429 with Retry-After to a caller over its rate limit, and serve other callers', async () => {
    await using limited = await openTestApi({ PHASELOCK_RATE_LIMIT: '3' });
    const answers = [];
    for (let count = 0; count < 4; count += 1) answers.push(await limited.call('GET', '/v1/sessions'));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    expect(answers[0]?.headers.get('ratelimit')).toMatch(/^"default";r=2;t=\d+$/);
    expect(answers[3]?.body).toMatchObject({ code: 'rate_limited' });
    expect(Number(answers[3]?.headers.get('retry-after'))).toBeGreaterThan(0);
    const other = await limited.keyFor(['sessions:read']);
    expect((await limited.call('GET', '/v1/sessions', { key: other })).status).toBe(200);
  });

  test('refuse a page of another origin when authentication is off', async () => {
    await using open = await openTestApi({ PHASELOCK_AUTH: 'off' });
    expect((await open.call('GET', '/v1/sessions', { key: null })).status).toBe(200);
    const page = await open.call('GET', '/v1/sessions', { key: null, headers: { Origin: 'https://example.com' } });
    expect(page.body).toMatchObject({ code: 'forbidden' });
  });
});
