import { createTestDatabase, eventually, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { field, textField } from '../fields.ts';
import { openTestApi, type TestApi } from '../open-test-api.ts';

const CANARY = 'c4n4ry5f1e77d2c4n4ry5f1e77d2';

let api: TestApi;
const written: string[] = [];
const linesOf = (requestId: string | null) =>
  written
    .map((line): Record<string, unknown> => JSON.parse(line))
    .filter((line) => line['http.request.id'] === requestId);

beforeAll(async () => {
  api = await openTestApi({}, undefined, (line) => void written.push(line));
});
afterAll(() => api[Symbol.asyncDispose]());

const model = (name: string) => ({ agent: 'claude-code', model: name });

describe('log line of a request', () => {
  test('names operation, caller, task, status and duration', async () => {
    const taskId = await api.world.task();
    const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: model(SONNET) } });
    expect(linesOf(started.headers.get('x-request-id')).at(-1)).toMatchObject({
      'log.level': 'info',
      'event.action': 'startSession',
      'http.request.method': 'POST',
      'http.response.status_code': 201,
      'url.path': '/v1/sessions',
      'event.duration': expect.any(Number),
      'user.id': expect.stringMatching(/^key:/),
      'event.outcome': 'success',
      'phaselock.task_id': taskId,
    });
  });

  test('has the request id of the load balancer if it is valid, else a new one', async () => {
    const given = await api.call('GET', '/v1/models', { headers: { 'X-Request-Id': 'balancer-1' } });
    expect(given.headers.get('x-request-id')).toBe('balancer-1');
    const odd = await api.call('GET', '/v1/models', { headers: { 'X-Request-Id': '{"log.level":"fatal"}' } });
    expect(odd.headers.get('x-request-id')).toMatch(/^[\da-f-]{36}$/);
  });

  test('is accompanied by a line with both variants when the model changed, and only then', async () => {
    const taskId = await api.world.task();
    const attemptId = await api.world.attempt(taskId);
    const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: model(SONNET) } });
    const turns = `/v1/sessions/${textField(started.body, 'session.id')}/turns`;
    const turn = async (more: object) => {
      const begun = await api.call('POST', turns, { body: { generation: 1, attemptId, ...more } });
      const session = textField(begun.body, 'session.sessionId');
      const generation = field(begun.body, 'session.generation');
      await api.call('POST', `/v1/sessions/${session}/processes/${textField(begun.body, 'processId')}/finish`, {
        body: { generation, ending: 'completed', agentSessionId: `agent-${textField(begun.body, 'processId')}` },
      });
      return linesOf(begun.headers.get('x-request-id')).filter((line) => line.previous_variant !== undefined);
    };
    expect(await turn({})).toEqual([]);
    expect(await turn({})).toEqual([]);
    expect(await turn({ model: model('claude-opus-4-5'), onModelChange: 'replace' })).toMatchObject([
      {
        message: 'Model changed between sessions, starting fresh to avoid context incompatibility',
        task_attempt_id: attemptId,
        previous_variant: SONNET,
        current_variant: 'claude-opus-4-5',
      },
    ]);
  });
});

test('writes no secret to the log, wherever it was sent', async () => {
  const before = written.length;
  const headers = { Cookie: `session=${CANARY}`, 'X-Api-Key': CANARY, 'X-Request-Id': `token=${CANARY}` };
  await api.call('GET', `/v1/sessions?access_token=${CANARY}`, { headers });
  await api.call('GET', '/v1/sessions', { key: CANARY, headers });
  await api.call('GET', '/v1/sessions', { key: `plk_${'A'.repeat(12)}_${CANARY}${'B'.repeat(15)}` });
  await api.call('GET', '/v1/sessions', { headers: { Authorization: `Basic ${btoa(`me:${CANARY}`)}` } });
  await api.call('POST', '/v1/projects', { body: { password: CANARY } });
  await api.call('POST', '/v1/projects', { text: `{"name": "${CANARY}` });
  const made = await api.call('POST', '/v1/admin/api-keys', { body: { name: 'ci', scopes: ['sessions:read'] } });
  const { pg } = api.api.guard.database.pool;
  await pg.query('alter table models rename to hidden');
  await api.call('POST', '/v1/models', { body: { agent: 'codex', name: CANARY } });
  await pg.query('alter table hidden rename to models');

  const lines = written.slice(before).join('');
  expect(lines).toContain('"log.level":"error"');
  expect(lines).toContain('"http.response.status_code":401');
  expect(lines).not.toContain(CANARY);
  expect(lines).not.toContain(btoa(`me:${CANARY}`));
  expect(lines).not.toContain(textField(made.body, 'key').slice(17));
  expect(written.join('')).not.toContain(api.key.slice(17));
});

test('warns once a second, with the cause, while the database is down', async () => {
  const lines: string[] = [];
  const database = await createTestDatabase();
  await using away = await openTestApi({}, database.url, (line) => void lines.push(line));
  await database[Symbol.asyncDispose]();
  const warnings = () =>
    lines
      .map((line): Record<string, unknown> => JSON.parse(line))
      .filter((line) => line['phaselock.lines_left_out'] !== undefined);
  const answers = await Promise.all(Array.from({ length: 20 }, () => away.call('GET', '/v1/projects')));
  expect(new Set(answers.map(({ body }) => textField(body, 'code')))).toEqual(new Set(['backend_unavailable']));
  expect(warnings().length).toBeLessThan(20);
  await eventually(async () => {
    await away.call('GET', '/v1/projects');
    expect(warnings().at(-1)).toMatchObject({
      'log.level': 'warn',
      'error.message': expect.stringContaining(database.name),
      'phaselock.lines_left_out': expect.toSatisfy((leftOut: number) => leftOut > 0),
    });
  });
});
