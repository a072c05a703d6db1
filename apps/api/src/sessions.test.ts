import { ERRORS, NOTICES, type TaskId } from '@phaselock/core';
import { OPUS, SONNET, SONNET_NEXT } from '@phaselock/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { field, listField, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

let api: TestApi;
let taskId: TaskId;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());
beforeEach(async () => {
  taskId = await api.world.task();
});

const asking = (model: string, more: object = {}) => ({
  body: { taskId, phase: 'run', model: { agent: 'claude-code', model }, ...more },
});
const start = (model: string, more: object = {}, headers: Record<string, string> = {}) =>
  api.call('POST', '/v1/sessions', { ...asking(model, more), headers });
const idOf = (body: unknown): string => textField(body, 'session.id');

describe('starting a session', () => {
  test('creates the first session and returns its Location', async () => {
    const first = await start(SONNET);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({ outcome: 'created', message: null, session: { generation: 1, phase: 'run' } });
    expect(first.headers.get('location')).toBe(`/v1/sessions/${idOf(first.body)}`);
  });

  test('returns the existing session and its notice for the same model', async () => {
    const first = await start(SONNET);
    const second = await start(SONNET);
    expect(second.status).toBe(200);
    expect(second.body).toMatchObject({ outcome: 'existing', message: NOTICES.same_model_active });
    expect(idOf(second.body)).toBe(idOf(first.body));
  });

  test('asks before another model replaces, and replaces when the confirm of the question is sent back', async () => {
    const first = await start(SONNET);
    const asked = await start(OPUS);
    expect(asked.status).toBe(409);
    expect(asked.headers.get('content-type')).toBe('application/problem+json');
    expect(asked.body).toMatchObject({
      code: 'replace_confirmation_required',
      title: ERRORS.replace_confirmation_required.text,
      warning: NOTICES.replace_warning,
      question: 'replace',
      session: { id: idOf(first.body) },
    });
    const replaced = await start(OPUS, { confirm: field(asked.body, 'confirm') });
    expect(replaced.status).toBe(201);
    expect(replaced.body).toMatchObject({
      outcome: 'replaced',
      session: { generation: 2 },
      predecessor: { sessionId: idOf(first.body), generation: 1 },
    });
    const list = await api.call('GET', `/v1/sessions?taskId=${taskId}`);
    expect(listField(list.body, 'items')).toMatchObject([{ id: idOf(replaced.body), deletedAt: null }]);
    const all = await api.call('GET', `/v1/sessions?taskId=${taskId}&includeDeleted=true`);
    expect(listField(all.body, 'items')).toHaveLength(2);
  });

  test('asks about a minor difference, and keeps the session on keep', async () => {
    const first = await start(SONNET);
    const asked = await start(SONNET_NEXT);
    expect(asked.body).toMatchObject({ code: 'keep_or_replace_required', title: ERRORS.keep_or_replace_required.text });
    const kept = await start(SONNET_NEXT, { confirm: { kind: 'keep' } });
    expect(idOf(kept.body)).toBe(idOf(first.body));
  });

  test('replaces for one of two clients that confirm the same question; the other gets session_moved_on', async () => {
    await start(SONNET);
    const asked = await start(OPUS);
    const confirm = field(asked.body, 'confirm');
    const both = await Promise.all([
      start(OPUS, { confirm, model: { agent: 'claude-code', model: OPUS } }),
      start('claude-haiku-4-5', { confirm }),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual([201, 409]);
    const refused = both.find(({ status }) => status === 409);
    expect(refused?.body).toMatchObject({ code: 'session_moved_on', title: ERRORS.session_moved_on.text });
  });

  test.each([
    { wanted: 'claude-haiku-4-5', question: 'replace', answer: 'confirm', outcome: 'replaced', generation: 3 },
    { wanted: SONNET_NEXT, question: 'keep-or-replace', answer: 'confirm', outcome: 'replaced', generation: 3 },
    { wanted: SONNET_NEXT, question: 'keep-or-replace', answer: 'keep', outcome: 'existing', generation: 2 },
  ])('asks the loser about the new session ($question), who answers with the next request ($answer)', async (row) => {
    const loser = (more: object) => start(row.wanted, more, { 'idempotency-key': `loser-${taskId}` });
    await start(OPUS);
    const [confirm, late] = [field((await start(SONNET)).body, 'confirm'), field((await loser({})).body, 'confirm')];
    const won = await start(SONNET, { confirm });
    const refused = await loser({ confirm: late });
    expect([won.status, refused.status]).toEqual([201, 409]);
    const shown = { sessionId: idOf(won.body), generation: 2 };
    expect(refused.body).toMatchObject({
      code: 'session_moved_on',
      title: ERRORS.session_moved_on.text,
      question: row.question,
      warning: NOTICES.replace_warning,
      session: { id: shown.sessionId, generation: 2, model: { model: SONNET }, modelNotice: null },
      confirm: { kind: 'replace', shown },
    });
    expect(listField(refused.body, 'reasons')).not.toEqual([]);
    expect(field(refused.body, 'reasons')).toEqual(field((await start(row.wanted)).body, 'reasons'));
    const said = row.answer === 'keep' ? { kind: 'keep' } : field(refused.body, 'confirm');
    const answered = await loser({ confirm: said });
    expect(answered.body).toMatchObject({ outcome: row.outcome, session: { generation: row.generation } });
  });

  test('asks each item of a bulk start that confirms an outdated question about the new session', async () => {
    await start(SONNET);
    const confirm = field((await start(OPUS)).body, 'confirm');
    const won = await start(OPUS, { confirm });
    const item = (said: unknown) => asking('claude-haiku-4-5', { confirm: said }).body;
    const bulk = (said: unknown) => api.call('POST', '/v1/sessions/bulk', { body: { items: [item(said)] } });
    const [refused] = listField((await bulk(confirm)).body, 'results');
    expect(refused).toMatchObject({
      status: 409,
      problem: { code: 'session_moved_on', question: 'replace', session: { id: idOf(won.body) } },
    });
    const [answered] = listField((await bulk(field(refused, 'problem.confirm'))).body, 'results');
    expect(answered).toMatchObject({ status: 201, answer: { outcome: 'replaced' } });
  });

  test('refuses an unknown model, and keeps the session of a deleted model visible', async () => {
    const unknown = await start('gpt-17');
    expect(unknown.status).toBe(422);
    expect(unknown.body).toMatchObject({ code: 'model_missing', why: 'model-missing' });

    const added = await api.call('POST', '/v1/models', { body: { agent: 'codex', name: `short-lived-${taskId}` } });
    const model = { agent: 'codex', model: `short-lived-${taskId}` };
    const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'plan', model } });
    expect((await api.call('DELETE', `/v1/models/${textField(added.body, 'id')}`)).status).toBe(204);
    const seen = await api.call('GET', `/v1/sessions/${idOf(started.body)}`);
    expect(seen.body).toMatchObject({ modelMissing: true, modelNotice: NOTICES.model_not_found });
    const latest = await api.call('GET', `/v1/tasks/${taskId}/sessions/latest?phase=plan`);
    expect(latest.body).toMatchObject({ session: { modelNotice: NOTICES.model_not_found } });
    const again = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'plan', model } });
    expect(again.body).toMatchObject({ code: 'model_missing', title: ERRORS.model_missing.text });
  });

  test.each([
    ['createWithAgent', 'plan', 'standard'],
    ['assignToAgent', 'run', 'standard'],
    ['verifyWithAgent', 'verify', 'standard'],
    ['Implementation', 'run', 'standard'],
    ['debug run', 'run', 'debug'],
  ])('maps %s to the phase %s and the mode %s', async (name, phase, mode) => {
    const started = await start(SONNET, { phase: name });
    expect(started.body).toMatchObject({ session: { phase, mode } });
  });

  test('returns 404 for an unknown task', async () => {
    const unknown = await api.call('POST', '/v1/sessions', {
      body: { ...asking(SONNET).body, taskId: '01936f6e-0000-7000-8000-000000000000' },
    });
    expect(unknown.body).toMatchObject({ code: 'task_not_found', status: 404 });
  });
});

describe('an Idempotency-Key', () => {
  test('creates one session, however often it is sent', async () => {
    const key = { 'Idempotency-Key': `k-${taskId}` };
    const [first, second] = [await start(SONNET, {}, key), await start(SONNET, {}, key)];
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(second.body).toEqual(first.body);
  });

  test('is refused for another request, and when it is too long', async () => {
    const key = { 'Idempotency-Key': `k-${taskId}` };
    await start(SONNET, {}, key);
    expect((await start(OPUS, {}, key)).body).toMatchObject({ code: 'idempotency_key_reused', status: 422 });
    expect((await start(OPUS, {}, { 'Idempotency-Key': 'x'.repeat(256) })).status).toBe(400);
  });

  test('is independent of the same key of another caller', async () => {
    const key = { 'Idempotency-Key': `k-${taskId}` };
    await start(SONNET, {}, key);
    const other = await api.keyFor(['sessions:write']);
    const theirs = await api.call('POST', '/v1/sessions', { ...asking(OPUS), key: other, headers: key });
    expect(theirs.body).toMatchObject({ code: 'replace_confirmation_required' });
  });

  test.each([
    ['/v1/projects', () => ({ name: 'a project' })],
    ['/v1/tasks', () => ({ projectId: api.world.projectId, title: 'a task' })],
    ['/v1/attempts', () => ({ taskId })],
    ['/v1/models', () => ({ agent: 'gemini', name: `gemini-${taskId}` })],
    ['/v1/profiles', () => ({ agent: 'gemini', variant: `V-${taskId}` })],
  ])('creates one item at %s, even with concurrent requests', async (path, body) => {
    const headers = { 'Idempotency-Key': `${path}-${taskId}` };
    const made = await Promise.all([1, 2, 3].map(() => api.call('POST', path, { body: body(), headers })));
    expect(new Set(made.map(({ body: one }) => textField(one, 'id'))).size).toBe(1);
  });
});

describe('one session', () => {
  test('has its version as ETag, and is deleted only if the version in If-Match is current', async () => {
    const id = idOf((await start(SONNET)).body);
    const path = `/v1/sessions/${id}`;
    const etag = (await api.call('GET', path)).headers.get('etag') ?? '';
    expect(etag).toBe('"1"');
    await api.call('POST', `${path}/stop`, { body: { generation: 1 } });
    const stale = await api.call('DELETE', path, { headers: { 'If-Match': etag } });
    expect(stale.body).toMatchObject({ code: 'version_mismatch', status: 412 });
    expect((await api.call('DELETE', path, { headers: { 'If-Match': 'W/"2"' } })).status).toBe(412);
    expect((await api.call('DELETE', path, { headers: { 'If-Match': 'nonsense' } })).status).toBe(400);
    expect((await api.call('DELETE', path, { headers: { 'If-Match': '"2"' } })).status).toBe(204);
    expect((await api.call('DELETE', path)).status).toBe(204);
    const gone = await api.call('GET', path);
    expect(gone.body).toMatchObject({ status: 'stopped', deletedReason: 'deleted' });
  });

  test('is not stopped by a request with an older generation', async () => {
    const id = idOf((await start(SONNET)).body);
    const asked = await start(OPUS);
    await start(OPUS, { confirm: field(asked.body, 'confirm') });
    const stopped = await api.call('POST', `/v1/sessions/${id}/stop`, { body: { generation: 1 } });
    expect(stopped.body).toMatchObject({ code: 'stale_generation', status: 409 });
  });

  test('lists its events', async () => {
    const id = idOf((await start(SONNET)).body);
    const events = await api.call('GET', `/v1/sessions/${id}/events`);
    expect(listField(events.body, 'items')).toMatchObject([{ type: 'created', actor: 'a test' }]);
  });

  test('stores feedback and lists it', async () => {
    const id = idOf((await start(SONNET)).body);
    const path = `/v1/sessions/${id}/feedback`;
    expect((await api.call('POST', path, { body: { rating: 'good', comment: 'as it should be' } })).status).toBe(204);
    expect((await api.call('GET', path)).body).toMatchObject({
      items: [{ rating: 'good', comment: 'as it should be' }],
    });
  });

  test('can be created standalone, outside every slot', async () => {
    const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } };
    const one = await api.call('POST', '/v1/sessions/standalone', { body });
    expect(one.status).toBe(201);
    expect(await start(OPUS)).toMatchObject({ status: 201 });
  });

  test('that does not exist returns session_not_found on each route', async () => {
    const id = '01936f6e-0000-7000-8000-000000000000';
    for (const rest of ['', '/events', '/logs', '/feedback', '/processes', '/export']) {
      expect((await api.call('GET', `/v1/sessions/${id}${rest}`)).body).toMatchObject({ code: 'session_not_found' });
    }
  });
});

describe('bulk requests', () => {
  test('answer each item separately, in the order of the request', async () => {
    const other = await api.world.task();
    const item = (id: string, model: string) => ({ taskId: id, phase: 'run', model: { agent: 'claude-code', model } });
    await start(SONNET);
    const many = await api.call('POST', '/v1/sessions/bulk', {
      body: { items: [item(taskId, OPUS), item(other, SONNET), item('01936f6e-0000-7000-8000-000000000000', SONNET)] },
    });
    expect(many.body).toMatchObject({
      results: [
        { status: 409, answer: null, problem: { code: 'replace_confirmation_required' } },
        { status: 201, answer: { outcome: 'created' }, problem: null },
        { status: 404, answer: null, problem: { code: 'task_not_found' } },
      ],
    });
    const latest = await api.call('POST', '/v1/sessions/latest', { body: { taskIds: [taskId, other] } });
    const ids = listField(latest.body, 'sessions').map((session) => textField(session, 'id'));
    expect(ids).toHaveLength(2);
    const gone = await api.call('POST', '/v1/sessions/bulk-delete', { body: { sessionIds: ids } });
    expect(new Set(listField(gone.body, 'deleted'))).toEqual(new Set(ids));
  });
});

describe('pages', () => {
  test('follow each other to the end, newest first, without gap or repetition', async () => {
    const tasks: string[] = [];
    for (let count = 0; count < 5; count += 1) tasks.push(await api.world.task());
    const seen: string[] = [];
    let cursor = '';
    do {
      const page = await api.call('GET', `/v1/tasks?projectId=${api.world.projectId}&limit=2${cursor}`);
      seen.push(...listField(page.body, 'items').map((item) => textField(item, 'id')));
      const next = field(page.body, 'next');
      cursor = typeof next === 'string' ? `&cursor=${next}` : '';
    } while (cursor !== '');
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.toSorted().toReversed()).toEqual(seen);
    expect(tasks.every((id) => seen.includes(id))).toBe(true);
  });

  test.each([
    'limit=0',
    'limit=201',
    'limit=1e2',
    'limit=',
    'cursor=%00',
    'cursor=AAAA',
    'limit=1&limit=2',
    'order=up',
  ])('with %s are refused', async (query) => {
    const path = `/v1/tasks?projectId=${api.world.projectId}&${query}`;
    expect((await api.call('GET', path)).body).toMatchObject({ code: 'invalid_request' });
  });
});
