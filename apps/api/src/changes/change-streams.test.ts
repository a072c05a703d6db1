import { once } from 'node:events';
import { connect } from 'node:net';
import { readChanges } from '@phaselock/contract';
import { eventually, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApi, type TestApi } from '../../test/open-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ PHASELOCK_MAX_STREAMS: '2' });
});
afterAll(() => api[Symbol.asyncDispose]());

const follow = (path: string, headers: Record<string, string> = {}, signal?: AbortSignal) =>
  fetch(`${api.api.url}${path}`, {
    headers: { Authorization: `Bearer ${api.key}`, ...headers },
    ...(signal && { signal }),
  });
const openStreams = async (): Promise<string> =>
  /^phaselock_http_streams (\d+)$/m.exec((await api.call('GET', '/metrics')).text)?.[1] ?? 'none';

describe('a stream of changes', () => {
  test('of a project delivers the changes of its own tasks only', async () => {
    const other = await api.api.guard.addProject('other');
    const [theirs, ours] = [await api.api.guard.addTask(other, 'theirs'), await api.world.task()];
    const leave = new AbortController();
    const stream = await follow(`/v1/projects/${api.world.projectId}/changes`, {}, leave.signal);
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    expect(stream.headers.get('cache-control')).toBe('no-store');
    await eventually(async () => expect(await openStreams()).toBe('1'));
    for (const taskId of [theirs, ours]) {
      const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } };
      await api.call('POST', '/v1/sessions', { body });
    }
    for await (const { change } of readChanges(stream)) {
      expect(change).toMatchObject({ taskId: ours, type: 'created' });
      break;
    }
    leave.abort();
    await eventually(async () => expect(await openStreams()).toBe('0'));
  });

  test('is refused with overloaded and Retry-After beyond PHASELOCK_MAX_STREAMS', async () => {
    const leave = new AbortController();
    const path = `/v1/tasks/${await api.world.task()}/changes`;
    await Promise.all([1, 2].map(() => follow(path, {}, leave.signal)));
    const third = await api.call('GET', path);
    expect(third.body).toMatchObject({ code: 'overloaded', detail: 'too many change streams' });
    expect(third.headers.get('retry-after')).toBe('1');
    leave.abort();
    await eventually(async () => expect(await openStreams()).toBe('0'));
  });

  test.each(['x', '1', '1-', '-1', '1-1-1', '99999999999999999999-1', '18446744073709551616-1'])(
    'is refused when its Last-Event-ID is %s',
    async (place) => {
      const answer = await api.call('GET', `/v1/tasks/${await api.world.task()}/changes`, {
        headers: { 'Last-Event-ID': place },
      });
      expect(answer.body).toMatchObject({ code: 'invalid_request' });
    },
  );

  test('is cut when its client does not read', async () => {
    const { hostname, port } = new URL(api.api.url);
    const taskId = await api.world.task();
    const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } };
    await api.call('POST', '/v1/sessions', { body });
    const socket = connect(Number(port), hostname);
    await once(socket, 'connect');
    socket.pause();
    socket.write(
      `GET /v1/tasks/${taskId}/changes HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${api.key}\r\nLast-Event-ID: 0-0\r\n\r\n`,
    );
    await eventually(async () => expect(await openStreams()).toBe('1'));
    await api.api.guard.database.pool.pg.query(
      `insert into session_events (session_id, task_id, phase, mode, type, generation, actor, at)
       select session_id, task_id, phase, mode, 'created', generation, repeat('x', 900), at from session_events, generate_series(1, 12000)
       where task_id = $1`,
      [taskId],
    );
    await eventually(async () => expect(await openStreams()).toBe('0'), { withinMs: 20_000 });
    socket.destroy();
  });
});
