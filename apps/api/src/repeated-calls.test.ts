import { randomUUID } from 'node:crypto';
import { OPUS, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listField, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

type Case = {
  readonly name: string;
  readonly path: string;
  readonly body?: object;
  readonly text?: string;
  readonly type?: string;
  /** Another request, for which the same key must be refused. */
  readonly other: { readonly body?: object; readonly text?: string };
  /** How many of the items exist that the request creates. */
  count(): Promise<number>;
};

const claude = (model: string) => ({ agent: 'claude-code', model });

describe('a request with an Idempotency-Key', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await openTestApi();
  });
  afterAll(() => api[Symbol.asyncDispose]());

  const listed = async (path: string, holds: (text: string) => boolean = () => true): Promise<number> =>
    listField((await api.call('GET', path)).body, 'items').filter((item) => holds(JSON.stringify(item))).length;

  async function sessionWithTurn() {
    const taskId = await api.world.task();
    const attemptId = await api.world.attempt(taskId);
    const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: claude(SONNET) } });
    const sessionId = textField(started.body, 'session.id');
    const turn = await api.call('POST', `/v1/sessions/${sessionId}/turns`, { body: { generation: 1, attemptId } });
    return { taskId, attemptId, sessionId, processId: textField(turn.body, 'processId') };
  }

  const CASES: Readonly<Record<string, () => Promise<Case>>> = {
    'a project': async () => {
      const name = `p ${randomUUID()}`;
      return {
        name,
        path: '/v1/projects',
        body: { name },
        other: { body: { name: 'other' } },
        count: () => listed('/v1/projects?limit=200', (text) => text.includes(name)),
      };
    },
    'a task': async () => {
      const projectId = await api.api.guard.addProject('of tasks');
      return {
        name: 'task',
        path: '/v1/tasks',
        body: { projectId, title: 'x' },
        other: { body: { projectId, title: 'y' } },
        count: () => listed(`/v1/tasks?projectId=${projectId}`),
      };
    },
    'an attempt': async () => {
      const taskId = await api.world.task();
      return {
        name: 'attempt',
        path: '/v1/attempts',
        body: { taskId },
        other: { body: { taskId, branch: 'b' } },
        count: () => listed(`/v1/attempts?taskId=${taskId}`),
      };
    },
    'a session': async () => {
      const taskId = await api.world.task();
      const body = { taskId, phase: 'run', model: claude(SONNET) };
      return {
        name: 'session',
        path: '/v1/sessions',
        body,
        other: { body: { ...body, model: claude(OPUS) } },
        count: () => listed(`/v1/sessions?taskId=${taskId}`),
      };
    },
    'an existing session': async () => {
      const { taskId } = await sessionWithTurn();
      const body = { taskId, phase: 'run', model: claude(SONNET) };
      return {
        name: 'existing',
        path: '/v1/sessions',
        body,
        other: { body: { ...body, phase: 'plan' } },
        count: () => listed(`/v1/sessions?taskId=${taskId}`),
      };
    },
    'a standalone execution': async () => {
      const taskId = await api.world.task();
      const body = { taskId, phase: 'run', model: claude(SONNET) };
      return {
        name: 'standalone',
        path: '/v1/sessions/standalone',
        body,
        other: { body: { ...body, milestoneId: 'M1' } },
        count: () => listed(`/v1/sessions?taskId=${taskId}`),
      };
    },
    'several sessions': async () => {
      const taskId = await api.world.task();
      const items = ['plan', 'run'].map((phase) => ({ taskId, phase, model: claude(SONNET) }));
      return {
        name: 'bulk',
        path: '/v1/sessions/bulk',
        body: { items },
        other: { body: { items: items.slice(1) } },
        count: async () => (await listed(`/v1/sessions?taskId=${taskId}`)) / 2,
      };
    },
    'log lines': async () => {
      const { sessionId, processId } = await sessionWithTurn();
      const line = (message: string) => `${JSON.stringify({ line: message })}\n`;
      return {
        name: 'logs',
        path: `/v1/sessions/${sessionId}/processes/${processId}/logs?generation=1`,
        text: line('once'),
        type: 'application/x-ndjson',
        other: { text: line('other') },
        count: () => listed(`/v1/sessions/${sessionId}/logs`),
      };
    },
    feedback: async () => {
      const { sessionId } = await sessionWithTurn();
      return {
        name: 'feedback',
        path: `/v1/sessions/${sessionId}/feedback`,
        body: { rating: 'good' },
        other: { body: { rating: 'bad' } },
        count: () => listed(`/v1/sessions/${sessionId}/feedback`),
      };
    },
    'an API key': async () => {
      const name = `k ${randomUUID()}`;
      const body = { name, scopes: ['sessions:read'] };
      return {
        name,
        path: '/v1/admin/api-keys',
        body,
        other: { body: { ...body, scopes: ['admin'] } },
        count: () => listed('/v1/admin/api-keys', (text) => text.includes(name)),
      };
    },
    'a turn': async () => {
      const taskId = await api.world.task();
      const attemptId = await api.world.attempt(taskId);
      const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: claude(SONNET) } });
      const sessionId = textField(started.body, 'session.id');
      return {
        name: 'turn',
        path: `/v1/sessions/${sessionId}/turns`,
        body: { generation: 1, attemptId },
        other: { body: { generation: 1, attemptId, skipContext: true } },
        count: () => listed(`/v1/sessions/${sessionId}/processes`),
      };
    },
  };

  test.each(Object.keys(CASES))(
    'for %s has one effect and one answer, even concurrently, and another request with the key is refused',
    async (which) => {
      const { path, body, text, type, other, count } = (await CASES[which]?.()) ?? expect.unreachable();
      const headers = { 'Idempotency-Key': randomUUID() };
      const asked = { headers, ...(body && { body }), ...(text && { text }), ...(type && { type }) };
      const answers = await Promise.all([
        api.call('POST', path, asked),
        api.call('POST', path, asked),
        api.call('POST', path, asked),
      ]);
      const [first] = answers;
      expect(first.status).toBeLessThan(300);
      for (const again of [...answers, await api.call('POST', path, asked)]) {
        expect(again.status).toBe(first.status);
        expect(again.body).toEqual(first.body);
      }
      const refused = await api.call('POST', path, { ...asked, ...other });
      expect(refused.body).toMatchObject({ code: 'idempotency_key_reused' });
      expect(await count()).toBe(1);
    },
  );
});
