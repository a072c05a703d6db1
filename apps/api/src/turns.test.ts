import { ERRORS, NOTICES, type TaskId } from '@phaselock/core';
import { eventually, OPUS, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { field, listField, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

let api: TestApi;
let taskId: TaskId;
let attemptId: string;
let sessionId: string;
beforeAll(async () => {
  api = await openTestApi({ PHASELOCK_LEASE_MS: '1000' });
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  taskId = await api.world.task();
  attemptId = await api.world.attempt(taskId);
  sessionId = textField((await start(SONNET)).body, 'session.id');
});

const start = (model: string, more: object = {}) =>
  api.call('POST', '/v1/sessions', {
    body: { taskId, phase: 'run', model: { agent: 'claude-code', model }, ...more },
  });
const turn = (more: object = {}, headers: Record<string, string> = {}, of = sessionId) =>
  api.call('POST', `/v1/sessions/${of}/turns`, { body: { generation: 1, attemptId, ...more }, headers });
const processPath = (processId: string, what: string, of = sessionId): string =>
  `/v1/sessions/${of}/processes/${processId}/${what}`;
const finish = (processId: string, more: object = {}) =>
  api.call('POST', processPath(processId, 'finish'), { body: { generation: 1, ending: 'completed', ...more } });

async function replaced(): Promise<string> {
  const asked = await start(OPUS);
  return textField((await start(OPUS, { confirm: field(asked.body, 'confirm') })).body, 'session.id');
}

describe('a turn', () => {
  test('with an outdated confirmation is asked about its session, and its next request answers that', async () => {
    const shown = { sessionId, generation: 2 };
    const model = { agent: 'claude-code', model: OPUS };
    const late = await turn({ model, confirm: { kind: 'replace', shown } });
    expect(late.status).toBe(409);
    expect(late.body).toMatchObject({
      code: 'session_moved_on',
      question: 'replace',
      warning: NOTICES.replace_warning,
      reasons: expect.arrayContaining([expect.objectContaining({ field: 'family' })]),
      confirm: { kind: 'replace', shown: { sessionId, generation: 1 } },
    });
    const answered = await turn({ model, confirm: field(late.body, 'confirm') });
    expect(answered.body).toMatchObject({ reason: 'model-changed', replaced: { sessionId, generation: 1 } });
  });

  test('with an outdated confirmation is asked nothing if it needs no confirmation', async () => {
    const late = await turn({ confirm: { kind: 'replace', shown: { sessionId, generation: 2 } } });
    expect(late.body).toMatchObject({ code: 'session_moved_on' });
    expect(Object.keys(Object(late.body))).not.toEqual(expect.arrayContaining(['question']));
    expect((await turn()).status).toBe(201);
  });

  test('begins a conversation and reports its agent session id, which the next turn resumes', async () => {
    const first = await turn();
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      action: 'CodingAgentInitialRequest',
      passedSessionId: null,
      reason: 'first',
      session: { sessionId, generation: 1 },
    });
    const processId = textField(first.body, 'processId');
    const beat = await api.call('POST', processPath(processId, 'heartbeat'), { body: { generation: 1 } });
    expect(beat.body).toMatchObject({ outcome: 'continue', why: null });
    const told = await api.call('PUT', processPath(processId, 'agent-session'), {
      body: { generation: 1, agentSessionId: `agent-${taskId}` },
    });
    expect(told.status).toBe(204);
    const usage = { inputTokens: 10, outputTokens: 5, turns: 1, costUsdMicros: 7 };
    expect((await api.call('PUT', processPath(processId, 'usage'), { body: usage })).status).toBe(204);
    expect((await finish(processId, { exitCode: 0 })).body).toMatchObject({ outcome: 'finished', replaced: false });

    const second = await turn();
    expect(second.body).toMatchObject({
      action: 'CodingAgentFollowUpRequest',
      passedSessionId: `agent-${taskId}`,
      reason: 'same-model',
      seq: 2,
    });
    expect((await api.call('GET', `/v1/sessions/${sessionId}`)).body).toMatchObject({ status: 'running', usage });
    const processes = await api.call('GET', `/v1/attempts/${attemptId}/processes?limit=1`);
    expect(processes.body).toMatchObject({ items: [{ seq: 1, status: 'completed', exitCode: 0 }] });
    const rest = await api.call(
      'GET',
      `/v1/attempts/${attemptId}/processes?cursor=${textField(processes.body, 'next')}`,
    );
    expect(rest.body).toMatchObject({ items: [{ seq: 2, status: 'running' }], next: null });
    expect(listField((await api.call('GET', `/v1/sessions/${sessionId}/processes`)).body, 'items')).toHaveLength(2);
  });

  test('is refused while another turn runs', async () => {
    await turn();
    const second = await turn();
    expect(second.body).toMatchObject({ code: 'turn_running', title: ERRORS.turn_running.text });
    expect(second.headers.get('retry-after')).toBe('1');
  });

  test('with another model is asked about, or replaces with onModelChange: replace', async () => {
    const first = await turn();
    await finish(textField(first.body, 'processId'), { agentSessionId: `agent-${taskId}` });
    const model = { agent: 'claude-code', model: OPUS };
    const asked = await turn({ model });
    expect(asked.body).toMatchObject({ code: 'replace_confirmation_required', question: 'replace' });
    const fresh = await turn({ model, onModelChange: 'replace', handoff: { summary: 'half done' } });
    expect(fresh.body).toMatchObject({
      action: 'CodingAgentInitialRequest',
      passedSessionId: null,
      reason: 'model-changed',
      replaced: { sessionId, generation: 1 },
      handoff: 'half done',
    });
    expect(textField(fresh.body, 'session.sessionId')).not.toBe(sessionId);
  });

  test('with an Idempotency-Key begins once, even with concurrent requests', async () => {
    const key = { 'Idempotency-Key': `turn-${taskId}` };
    const turns = await Promise.all(Array.from({ length: 8 }, () => turn({}, key)));
    expect(new Set(turns.map(({ body }) => textField(body, 'processId'))).size).toBe(1);
    expect((await turn({ skipContext: true }, key)).body).toMatchObject({ code: 'idempotency_key_reused' });
  });

  test('with skipContext and an Idempotency-Key begins once', async () => {
    const first = await turn();
    await finish(textField(first.body, 'processId'), { agentSessionId: `agent-${taskId}` });
    const key = { 'Idempotency-Key': `fresh-${taskId}` };
    const turns = await Promise.all([1, 2].map(() => turn({ skipContext: true }, key)));
    expect(turns.map(({ status }) => status)).toEqual([201, 201]);
    expect(new Set(turns.map(({ body }) => textField(body, 'processId'))).size).toBe(1);
    const later = await turn({ skipContext: true }, key);
    expect(later.body).toMatchObject({ processId: textField(turns[0]?.body, 'processId') });
  });

  test('for an attempt of another task is refused', async () => {
    const other = await api.world.attempt(await api.world.task());
    expect((await turn({ attemptId: other })).body).toMatchObject({ code: 'attempt_not_found' });
  });
});

describe('a replaced session', () => {
  test('gets stop in its heartbeat answer, and its successor waits until it has finished', async () => {
    const processId = textField((await turn()).body, 'processId');
    const successor = await replaced();
    const early = await turn({ generation: 2 }, {}, successor);
    expect(early.body).toMatchObject({ code: 'predecessor_stopping', title: ERRORS.predecessor_stopping.text });
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);

    const beat = await api.call('POST', processPath(processId, 'heartbeat'), { body: { generation: 1 } });
    expect(beat.body).toMatchObject({ outcome: 'stop', why: 'replaced', replacedBy: successor });
    const lines = await api.call('POST', `${processPath(processId, 'logs')}?generation=1`, {
      text: '{"line":"too late"}',
      type: 'application/x-ndjson',
    });
    expect(lines.body).toMatchObject({ code: 'stale_generation', title: ERRORS.stale_generation.text });
    expect((await finish(processId, { ending: 'killed' })).body).toMatchObject({ replaced: true });
    expect((await turn({ generation: 2 }, {}, successor)).status).toBe(201);
  });

  test('with a silent runner delays its successor no longer than its lease', async () => {
    await turn();
    const successor = await replaced();
    await eventually(async () => expect((await turn({ generation: 2 }, {}, successor)).status).toBe(201));
  });
});

describe('logs', () => {
  const append = (processId: string, text: string) =>
    api.call('POST', `${processPath(processId, 'logs')}?generation=1`, { text, type: 'application/x-ndjson' });

  test('are appended line by line, and read page by page', async () => {
    const processId = textField((await turn()).body, 'processId');
    const added = await append(
      processId,
      '{"line":"one"}\n\n{"kind":"stderr","line":"two"}\r\n{"kind":"result","line":"three"}\n',
    );
    expect(added.body).toEqual({ appended: 3, repaired: 0 });
    const first = await api.call('GET', `/v1/sessions/${sessionId}/logs?limit=2`);
    expect(first.body).toMatchObject({
      items: [
        { kind: 'stdout', line: 'one' },
        { kind: 'stderr', line: 'two' },
      ],
    });
    const second = await api.call('GET', `/v1/sessions/${sessionId}/logs?cursor=${textField(first.body, 'next')}`);
    expect(second.body).toMatchObject({ items: [{ kind: 'result', line: 'three' }], next: null });
  });

  test('repair and keep a line with characters that cannot be stored', async () => {
    const processId = textField((await turn()).body, 'processId');
    const added = await append(processId, '{"line":"a\\u0000b"}\n{"line":"half \\ud83d"}\n{"line":"whole 😀"}');
    expect(added.body).toEqual({ appended: 3, repaired: 2 });
    const { body } = await api.call('GET', `/v1/sessions/${sessionId}/logs`);
    expect(listField(body, 'items').map((item) => textField(item, 'line'))).toEqual([
      'a\ufffdb',
      'half \ufffd',
      'whole 😀',
    ]);
  });

  test.each([
    ['not JSON', '{"line":'],
    ['no line field', '{"kind":"stdout"}'],
    ['an unknown kind', '{"kind":"x","line":"y"}'],
    ['an unknown key', '{"line":"y","color":"red"}'],
    ['too many lines', '{"line":"x"}\n'.repeat(5_001)],
  ])('with %s are refused as a whole', async (_what, text) => {
    const processId = textField((await turn()).body, 'processId');
    expect((await append(processId, `{"line":"good"}\n${text}`)).body).toMatchObject({ code: 'invalid_request' });
    expect((await api.call('GET', `/v1/sessions/${sessionId}/logs`)).body).toMatchObject({ items: [] });
  });
});

describe('an export', () => {
  test('contains the whole session, as JSON and as NDJSON', async () => {
    const processId = textField((await turn()).body, 'processId');
    const lines = Array.from({ length: 2_500 }, (_, index) => JSON.stringify({ line: `line ${index}` })).join('\n');
    await api.call('POST', `${processPath(processId, 'logs')}?generation=1`, {
      text: lines,
      type: 'application/x-ndjson',
    });

    const document = await api.call('GET', `/v1/sessions/${sessionId}/export`);
    expect(document.headers.get('content-disposition')).toBe(`attachment; filename="session-${sessionId}.json"`);
    const whole: unknown = JSON.parse(document.text);
    expect(textField(whole, 'session.id')).toBe(sessionId);
    expect(listField(whole, 'processes')).toHaveLength(1);
    expect(listField(whole, 'events').length).toBeGreaterThan(1);
    expect(listField(whole, 'logs').map((log) => textField(log, 'line'))).toEqual(
      Array.from({ length: 2_500 }, (_, index) => `line ${index}`),
    );

    const stream = await api.call('GET', `/v1/sessions/${sessionId}/export?format=ndjson`);
    const parts = stream.text
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line));
    expect(parts.filter((part) => field(part, 'kind') === 'log')).toHaveLength(2_500);
    expect(textField(parts[0], 'session.id')).toBe(sessionId);
  });

  test('of a session without processes is complete', async () => {
    const document = await api.call('GET', `/v1/sessions/${sessionId}/export`);
    expect(JSON.parse(document.text)).toMatchObject({ session: { id: sessionId }, processes: [], logs: [] });
  });
});
