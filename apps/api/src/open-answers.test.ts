import { once } from 'node:events';
import { connect } from 'node:net';
import { eventually, readMetric, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi(
    {
      PHASELOCK_MAX_STREAMS: '5',
      PHASELOCK_MAX_STREAMS_PER_CALLER: '2',
      PHASELOCK_MAX_DOWNLOADS: '3',
      PHASELOCK_MAX_DOWNLOADS_PER_CALLER: '1',
    },
    undefined,
    undefined,
    2_000,
  );
});
afterAll(() => api[Symbol.asyncDispose]());

const metric = async (name: string): Promise<string | undefined> =>
  new RegExp(`^${name} (\\S+)$`, 'm').exec((await api.call('GET', '/metrics')).text)?.[1];
const settled = (name: string, count: string) => eventually(async () => expect(await metric(name)).toBe(count));

async function follow(path: string, key: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(`${api.api.url}${path}`, { headers: { Authorization: `Bearer ${key}` }, signal });
  return response.status;
}

/** Sends a request and reads nothing of its answer. */
async function askUnread(path: string, key: string) {
  const { hostname, port } = new URL(api.api.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.pause();
  socket.on('error', () => undefined);
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n\r\n`);
  return socket;
}

/** A session whose log is larger than the socket buffers. */
async function longLog(): Promise<string> {
  const taskId = await api.world.task();
  const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } };
  const sessionId = textField((await api.call('POST', '/v1/sessions', { body })).body, 'session.id');
  await api.api.guard.database.pool.pg.query(
    `insert into session_logs (session_id, kind, line) select $1, 'stdout', repeat('x', 100000) from generate_series(1, 400)`,
    [sessionId],
  );
  return sessionId;
}

test('a caller cannot open more change streams than its own bound, and other callers still can', async () => {
  const leave = new AbortController();
  const path = `/v1/tasks/${await api.world.task()}/changes`;
  const key = await api.keyFor(['sessions:read']);
  const others = [await api.keyFor(['sessions:read']), await api.keyFor(['sessions:read'])];
  expect(await Promise.all([1, 2].map(() => follow(path, key, leave.signal)))).toEqual([200, 200]);
  const third = await api.call('GET', path, { key });
  expect(third.status).toBe(429);
  expect(third.body).toMatchObject({
    code: 'too_many_open_answers',
    retryable: true,
    detail: expect.stringMatching(/^2 change streams of this key or subject are open, the limit is 2: close/),
  });
  expect(third.headers.get('retry-after')).toBe('5');
  expect(await follow(path, others[0] ?? '', leave.signal)).toBe(200);
  expect(
    await readMetric(api.api.guard, 'phaselock_http_long_answers_refused_total', { kind: 'changes', bound: 'caller' }),
  ).toBe(1);
  leave.abort();
  await settled('phaselock_http_streams', '0');
  const again = new AbortController();
  expect(await follow(path, key, again.signal)).toBe(200);
  again.abort();
  await settled('phaselock_http_streams', '0');
});

test('a caller cannot open more downloads than its own bound, and an unread download is cut', async () => {
  const path = `/v1/sessions/${await longLog()}/export`;
  const key = await api.keyFor(['sessions:read']);
  const socket = await askUnread(path, key);
  await settled('phaselock_http_downloads', '1');
  const second = await api.call('GET', path, { key });
  expect(second.body).toMatchObject({
    code: 'too_many_open_answers',
    detail: expect.stringContaining('1 downloads of this key or subject are open'),
  });
  await settled('phaselock_http_downloads', '0');
  expect(Number(await metric('phaselock_http_long_answers_cut_total\\{kind="download"\\}'))).toBe(1);
  const whole = await fetch(`${api.api.url}${path}`, { headers: { Authorization: `Bearer ${key}` } });
  expect((await whole.text()).length).toBeGreaterThan(40_000_000);
  socket.destroy();
});

test('a download beyond the bound for all callers gets overloaded', async () => {
  const path = `/v1/sessions/${await longLog()}/export`;
  const keys = await Promise.all([1, 2, 3, 4].map(() => api.keyFor(['sessions:read'])));
  const sockets = await Promise.all(keys.slice(0, 3).map((key) => askUnread(path, key)));
  await settled('phaselock_http_downloads', '3');
  const fourth = await api.call('GET', path, { key: keys[3] ?? '' });
  expect(fourth.body).toMatchObject({ code: 'overloaded', detail: 'too many downloads' });
  for (const socket of sockets) socket.destroy();
  await settled('phaselock_http_downloads', '0');
});
