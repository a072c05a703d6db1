import { eventually, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { field, textField } from '../../test/fields.ts';
import { openTestApi, type TestApi } from '../../test/open-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi({ PHASELOCK_LEASE_MS: '1000' });
});
afterAll(() => api[Symbol.asyncDispose]());

describe('a runner that dies', () => {
  test('has its turn marked as lost by the service, and the change stream reports turn-lost', async () => {
    const taskId = await api.world.task();
    const started = await api.call('POST', '/v1/sessions', {
      body: { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } },
    });
    const sessionId = textField(started.body, 'session.id');
    const stream = await fetch(`${api.api.url}/v1/tasks/${taskId}/changes`, {
      headers: { Authorization: `Bearer ${api.key}` },
    });
    const { body } = await api.call('POST', `/v1/sessions/${sessionId}/turns`, {
      body: { generation: 1, attemptId: await api.world.attempt(taskId) },
    });
    await eventually(
      async () => expect((await api.call('GET', `/v1/sessions/${sessionId}`)).body).toMatchObject({ status: 'ready' }),
      { withinMs: 15_000 },
    );
    const events = await api.call('GET', `/v1/sessions/${sessionId}/events`);
    expect(field(events.body, 'items')).toContainEqual(
      expect.objectContaining({
        type: 'turn-lost',
        detail: expect.objectContaining({ process_id: textField(body, 'processId') }),
      }),
    );
    const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
    let seen = '';
    while (reader !== undefined && !seen.includes('turn-lost')) {
      const { value, done } = await reader.read();
      if (done) break;
      seen += value;
    }
    await reader?.cancel();
    expect(seen).toContain('turn-lost');
  });
});
