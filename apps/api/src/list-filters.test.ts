import { randomUUID } from 'node:crypto';
import { OPUS, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listField, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

const claude = (model: string) => ({ agent: 'claude-code', model });

describe('a list of sessions', () => {
  let api: TestApi;
  let taskId: string;
  const ids = new Map<string, string>();

  beforeAll(async () => {
    api = await openTestApi();
    taskId = await api.world.task();
    for (const [name, body] of Object.entries({
      run: { phase: 'run', model: claude(SONNET) },
      'debug run': { phase: 'debug run', model: claude(OPUS) },
      plan: { phase: 'plan', model: claude('sonnet-alias') },
    })) {
      if (name === 'plan')
        await api.api.guard.addModel({ agent: 'claude-code', name: 'sonnet-alias', standsFor: SONNET });
      const { body: made } = await api.call('POST', '/v1/sessions', { body: { taskId, ...body } });
      ids.set(textField(made, 'session.id'), name);
    }
    const milestone = await api.call('POST', '/v1/sessions/standalone', {
      body: { taskId, phase: 'verify', model: claude(OPUS), milestoneId: 'M 1' },
    });
    ids.set(textField(milestone.body, 'id'), 'milestone');
  });
  afterAll(() => api[Symbol.asyncDispose]());

  const found = async (query: string): Promise<string[]> => {
    const { status, body } = await api.call('GET', `/v1/sessions?taskId=${taskId}&${query}`);
    expect(status).toBe(200);
    return listField(body, 'items')
      .map((item) => ids.get(textField(item, 'id')) ?? 'another')
      .toSorted();
  };

  test.each([
    ['phase=run&mode=standard', ['run']],
    ['phase=run&mode=debug', ['debug run']],
    ['phase=debug%20run', ['debug run']],
    ['phase=debug%20run&mode=standard', ['run']],
    ['mode=debug', ['debug run']],
    ['phase=plan', ['plan']],
    [`model=${SONNET}`, ['plan', 'run']],
    ['model=sonnet-alias', ['plan']],
    [`model=${OPUS}&phase=debug%20run`, ['debug run']],
    ['milestoneId=M%201', ['milestone']],
    ['milestoneId=another', []],
  ])('with %s has the sessions of the phase, mode or model that a start would resolve', async (query, names) => {
    expect(await found(query)).toEqual(names);
  });

  test.each(['phase=nonsense', 'model='])('with %s is refused', async (query) => {
    const { status } = await api.call('GET', `/v1/sessions?taskId=${taskId}&${query}`);
    expect(status).toBe(400);
  });

  test.each([
    (id: string) => `/v1/tasks/${id}/sessions/latest?phase=run`,
    (id: string) => `/v1/sessions?taskId=${id}`,
    (id: string) => `/v1/sessions?projectId=${id}`,
    (id: string) => `/v1/attempts?taskId=${id}`,
    (id: string) => `/v1/tasks?projectId=${id}`,
  ])('of an unknown task or project returns 404', async (path) => {
    expect((await api.call('GET', path(randomUUID()))).status).toBe(404);
  });
});
