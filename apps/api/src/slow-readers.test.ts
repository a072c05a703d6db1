import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { parseTaskId } from '@phaselock/core';
import { eventually, holdSlot, SONNET } from '@phaselock/testkit';
import { describe, expect, test } from 'vitest';
import { textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

async function aSession(api: TestApi) {
  const taskId = await api.world.task();
  const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } };
  return { taskId, sessionId: textField((await api.call('POST', '/v1/sessions', { body })).body, 'session.id') };
}

/** A session with a running process. */
async function aProcess(api: TestApi) {
  const { taskId, sessionId } = await aSession(api);
  const body = { generation: 1, attemptId: await api.world.attempt(taskId) };
  const turn = await api.call('POST', `/v1/sessions/${sessionId}/turns`, { body });
  return { sessionId, path: `/v1/sessions/${sessionId}/processes/${textField(turn.body, 'processId')}` };
}

async function withLongLog(api: TestApi, sessionId: string): Promise<string> {
  await api.api.guard.database.pool.pg.query(
    `insert into session_logs (session_id, kind, line) select $1, 'stdout', repeat('x', 100000) from generate_series(1, 100)`,
    [sessionId],
  );
  return `/v1/sessions/${sessionId}/logs?limit=1000`;
}

async function connected(api: TestApi): Promise<Socket> {
  const { hostname, port } = new URL(api.api.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.on('error', () => undefined);
  return socket;
}

/** Sends a request and reads nothing of its answer. */
async function askUnread(api: TestApi, path: string): Promise<Socket> {
  const socket = await connected(api);
  socket.pause();
  socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.key}\r\n\r\n`);
  return socket;
}

const inFlight = async (api: TestApi): Promise<number> =>
  Number(
    /^phaselock_http_requests_in_flight (\S+)$/m.exec(
      await fetch(`${api.api.url}/metrics`).then((answer) => answer.text()),
    )?.[1],
  );

test('a caller that reads no answers gets 429, while heartbeats and finishes with its key succeed', async () => {
  await using api = await openTestApi();
  const { sessionId, path } = await aProcess(api);
  const log = await withLongLog(api, sessionId);
  const sockets = await Promise.all(Array.from({ length: 16 }, () => askUnread(api, log)));
  await eventually(async () => expect((await api.call('GET', '/v1/models')).status).toBe(429));
  const refused = await api.call('GET', '/v1/models');
  expect(refused.body).toMatchObject({ code: 'too_many_open_answers', retryable: true });
  expect(refused.headers.get('retry-after')).toBe('5');
  expect((await api.call('POST', `${path}/heartbeat`, { body: { generation: 1 } })).status).toBe(200);
  const finish = { generation: 1, ending: 'completed' };
  expect((await api.call('POST', `${path}/finish`, { body: finish })).status).toBe(200);
  for (const socket of sockets) socket.destroy();
  await eventually(async () => expect((await api.call('GET', '/v1/models')).status).toBe(200));
});

describe('a connection on which nothing moves', () => {
  const STALLED_AFTER_MS = 200;
  const openImpatient = (env: Record<string, string> = {}) => openTestApi(env, undefined, undefined, STALLED_AFTER_MS);

  test('is kept while the service works on the answer', async () => {
    await using api = await openImpatient({ PHASELOCK_DEADLINE_MS: '2000' });
    const { taskId, sessionId } = await aSession(api);
    const id = parseTaskId(taskId);
    if (id === undefined) throw new Error('not a task');
    await using _holder = await holdSlot(api.databaseUrl, { taskId: id, phase: 'run', mode: 'standard' });
    const waited = await api.call('DELETE', `/v1/sessions/${sessionId}`);
    expect(waited.body).toMatchObject({ code: 'session_being_modified' });
  });

  test('is closed when its answer is not read', async () => {
    await using api = await openImpatient();
    const { sessionId } = await aSession(api);
    const socket = await askUnread(api, await withLongLog(api, sessionId));
    await eventually(async () => expect(await inFlight(api)).toBe(2));
    await eventually(async () => expect(await inFlight(api)).toBe(1));
    socket.destroy();
  });

  test('is closed when no request arrives on it', async () => {
    await using api = await openImpatient();
    const socket = await connected(api);
    socket.resume();
    await once(socket, 'close');
  });
});
