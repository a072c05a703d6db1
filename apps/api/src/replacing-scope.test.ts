import { OPUS, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { field, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

const FORBIDDEN = { code: 'forbidden', detail: 'needs the scope sessions:replace' };
const claude = (model: string) => ({ agent: 'claude-code', model });

let api: TestApi;
let writer: string;
let attemptId: string;
let taskId: string;
let sessionId: string;

beforeAll(async () => {
  api = await openTestApi({ PHASELOCK_LEASE_MS: '1000' });
  writer = await api.keyFor(['sessions:read', 'sessions:write']);
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  const task = await api.world.task();
  taskId = task;
  attemptId = await api.world.attempt(task);
  const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: claude(SONNET) } });
  sessionId = textField(started.body, 'session.id');
});

const turn = (more: object, key?: string) =>
  api.call('POST', `/v1/sessions/${sessionId}/turns`, {
    body: { generation: 1, attemptId, ...more },
    ...(key !== undefined && { key }),
  });

async function turnTelling(id: string | null): Promise<void> {
  const { body } = await turn({});
  const finished = await api.call(
    'POST',
    `/v1/sessions/${sessionId}/processes/${textField(body, 'processId')}/finish`,
    { body: { generation: 1, ending: 'completed', ...(id !== null && { agentSessionId: id }) } },
  );
  expect(finished.status).toBe(200);
}

/** Nothing was written: the same session is live, with the turns it had. */
async function expectUntouched(turns: number): Promise<void> {
  const { body } = await api.call('GET', `/v1/sessions/${sessionId}`);
  expect(body).toMatchObject({ deletedAt: null, status: 'ready', generation: 1 });
  const processes = await api.call('GET', `/v1/sessions/${sessionId}/processes`);
  expect(field(processes.body, 'items')).toHaveLength(turns);
}

describe('without sessions:replace a turn that would end the live session is refused', () => {
  test.each([
    ['with skipContext', { skipContext: true }],
    ['with another model and onModelChange: replace', { model: claude(OPUS), onModelChange: 'replace' }],
    ['with a confirmed replacement', { model: claude(OPUS), confirm: 'replace' }],
    ['with a lost agent session id', { lostId: 'LOST' }],
  ])('%s', async (_, more) => {
    const id = `${sessionId} told`;
    await turnTelling(id);
    const asked = 'confirm' in more ? await turn({ model: claude(OPUS) }) : undefined;
    const confirm = asked === undefined ? {} : { confirm: field(asked.body, 'confirm') };
    const request = { ...more, ...confirm, ...('lostId' in more && { lostId: id }) };
    const refused = await turn(request, writer);
    expect([refused.status, refused.body]).toMatchObject([403, FORBIDDEN]);
    await expectUntouched(1);
    const allowed = await turn(request);
    expect([allowed.status, allowed.body]).toMatchObject([201, { replaced: { sessionId, generation: 1 } }]);
  });

  test('after a turn that reported no agent session id', async () => {
    await turnTelling(null);
    const refused = await turn({}, writer);
    expect([refused.status, refused.body]).toMatchObject([403, FORBIDDEN]);
    await expectUntouched(1);
  });

  test('after a process that reported its agent session id as lost', async () => {
    await turnTelling(`${sessionId} gone`);
    const second = await turn({}, writer);
    expect(second.body).toMatchObject({ passedSessionId: `${sessionId} gone` });
    await api.call('POST', `/v1/sessions/${sessionId}/processes/${textField(second.body, 'processId')}/finish`, {
      body: { generation: 1, ending: 'failed', lostAgentSession: true },
      key: writer,
    });
    const refused = await turn({}, writer);
    expect([refused.status, refused.body]).toMatchObject([403, FORBIDDEN]);
  });
});

describe('without sessions:replace a turn that ends no session is allowed', () => {
  test('as the first turn of a session, also with skipContext', async () => {
    expect((await turn({ skipContext: true }, writer)).status).toBe(201);
  });

  test('as a fresh conversation in a standalone session', async () => {
    const alone = await api.call('POST', '/v1/sessions/standalone', {
      body: { taskId, phase: 'run', model: claude(SONNET), milestoneId: 'M1' },
    });
    sessionId = textField(alone.body, 'id');
    const first = await api.call('POST', `/v1/sessions/${sessionId}/turns`, {
      body: { generation: 0, attemptId },
      key: writer,
    });
    await api.call('POST', `/v1/sessions/${sessionId}/processes/${textField(first.body, 'processId')}/finish`, {
      body: { generation: 0, ending: 'completed', agentSessionId: `${sessionId} alone` },
      key: writer,
    });
    const afresh = await api.call('POST', `/v1/sessions/${sessionId}/turns`, {
      body: { generation: 0, attemptId, skipContext: true },
      key: writer,
    });
    expect([afresh.status, afresh.body]).toMatchObject([201, { action: 'CodingAgentInitialRequest' }]);
  });
});
