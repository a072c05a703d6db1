import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ERROR_CODES, problemType } from '@phaselock/contract';
import { ERRORS, type ErrorCode, type TaskId } from '@phaselock/core';
import {
  eventually,
  holdLock,
  holdSlot,
  OPUS,
  readMetric,
  SONNET,
  SONNET_NEXT,
  temporaryDirectory,
} from '@phaselock/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { archiveNow } from '../test/archive-now.ts';
import { field, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';
import { sendOverTheWire } from '../test/over-the-wire.ts';

const NOBODY_KNOWS = '01936f6e-0000-7000-8000-000000000000';

let api: TestApi;
let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let folder: string;
let taskId: TaskId;
beforeAll(async () => {
  directory = await temporaryDirectory();
  folder = join(directory.path, 'archive');
  api = await openTestApi({
    PHASELOCK_DEADLINE_MS: '500',
    PHASELOCK_REQUEST_TIMEOUT_MS: '300',
    PHASELOCK_ARCHIVE_URL: `folder:${folder}`,
  });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});
beforeEach(async () => {
  taskId = await api.world.task();
});

type Seen = { readonly status: number; readonly text: string; readonly headers?: Headers };

const get = (path: string): Promise<Seen> => api.call('GET', path);
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  api.call('POST', path, { body, headers });
const start = (model: string, more: object = {}, headers: Record<string, string> = {}) =>
  post('/v1/sessions', { taskId, phase: 'run', model: { agent: 'claude-code', model }, ...more }, headers);
const started = async (phase = 'run'): Promise<string> =>
  textField((await start(SONNET, { phase })).body, 'session.id');
const confirmOf = async (model: string): Promise<unknown> => field((await start(model)).body, 'confirm');

async function turn(sessionId: string, generation = 1) {
  const attemptId = await api.world.attempt(taskId);
  return await post(`/v1/sessions/${sessionId}/turns`, { generation, attemptId });
}

async function running(phase = 'run'): Promise<{ sessionId: string; process: string }> {
  const sessionId = await started(phase);
  const processId = textField((await turn(sessionId)).body, 'processId');
  return { sessionId, process: `/v1/sessions/${sessionId}/processes/${processId}` };
}

async function anArchived(): Promise<string> {
  const sessionId = await started('plan');
  await api.call('DELETE', `/v1/sessions/${sessionId}`);
  await archiveNow(api.api.guard.database, folder);
  return `/v1/archives/${sessionId}`;
}

/** Runs `work` under the effect of `statement`, which `mend` undoes afterwards. */
async function broken(statement: string, mend: string, work: () => Promise<Seen>): Promise<Seen> {
  const { pg } = api.api.guard.database.pool;
  await pg.query(statement);
  try {
    return await work();
  } finally {
    await pg.query(mend);
  }
}

const lockModels = ({ databaseUrl }: TestApi) => holdLock(databaseUrl, 'lock table models in access exclusive mode');

const wire = (...lines: readonly string[]): Promise<Seen> => sendOverTheWire(api.api.url, [lines.join('\r\n')]);
const withKey = (): string => `Authorization: Bearer ${api.key}`;

/** How a client provokes each error. */
const WAYS: Readonly<Record<ErrorCode, () => Promise<Seen>>> = {
  session_create_failed: () =>
    broken(
      `create function refuse() returns trigger language plpgsql as $$ begin raise 'out of order'; end $$;
       create trigger refuse before insert on sessions for each row execute function refuse()`,
      'drop trigger refuse on sessions; drop function refuse',
      () => start(SONNET),
    ),
  backend_unavailable: async () => {
    await using slow = await openTestApi({ PHASELOCK_STATEMENT_TIMEOUT_MS: '100' });
    await using _locked = await lockModels(slow);
    return await slow.call('GET', '/v1/models');
  },
  storage_full: () =>
    broken(
      `create function fill() returns trigger language plpgsql as $$ begin raise 'no space' using errcode = '53100'; end $$;
       create trigger fill before insert on sessions for each row execute function fill()`,
      'drop trigger fill on sessions; drop function fill',
      () => start(SONNET),
    ),
  session_being_modified: async () => {
    await started();
    const confirm = await confirmOf(OPUS);
    await using _held = await holdSlot(api.databaseUrl, { taskId, phase: 'run', mode: 'standard' });
    return await start(OPUS, { confirm });
  },
  unexpected: () =>
    broken('alter table models rename to hidden', 'alter table hidden rename to models', () => get('/v1/models')),
  replace_confirmation_required: async () => {
    await started();
    return await start(OPUS);
  },
  keep_or_replace_required: async () => {
    await started();
    return await start(SONNET_NEXT);
  },
  session_moved_on: async () => {
    await started();
    const confirm = await confirmOf(OPUS);
    await start(OPUS, { confirm });
    return await start('claude-haiku-4-5', { confirm });
  },
  model_missing: () => start('gpt-17'),
  predecessor_stopping: async () => {
    await running();
    const confirm = await confirmOf(OPUS);
    return await turn(textField((await start(OPUS, { confirm })).body, 'session.id'), 2);
  },
  turn_running: async () => await turn((await running()).sessionId),
  stale_generation: async () => {
    const { process } = await running();
    await start(OPUS, { confirm: await confirmOf(OPUS) });
    return await api.call('PUT', `${process}/agent-session`, { body: { generation: 1, agentSessionId: 'too late' } });
  },
  stale_process: async () => {
    const { process } = await running();
    await post(`${process}/finish`, { generation: 1, ending: 'completed' });
    return await api.call('PUT', `${process}/agent-session`, { body: { generation: 1, agentSessionId: 'too late' } });
  },
  agent_session_taken: async () => {
    const processes = [(await running('plan')).process, (await running('verify')).process];
    const body = { generation: 1, agentSessionId: `agent-${taskId}` };
    const told = await Promise.all(processes.map((path) => api.call('PUT', `${path}/agent-session`, { body })));
    return told.find(({ status }) => status !== 204) ?? get('/healthz');
  },
  illegal_transition: async () => {
    const { process } = await running();
    await post(`${process}/finish`, { generation: 1, ending: 'failed' });
    return await post(`${process}/finish`, { generation: 1, ending: 'completed' });
  },
  version_mismatch: async () =>
    api.call('DELETE', `/v1/sessions/${await started()}`, { headers: { 'If-Match': '"99"' } }),
  idempotency_key_reused: async () => {
    const key = { 'Idempotency-Key': taskId };
    await start(SONNET, {}, key);
    return await start(OPUS, {}, key);
  },
  already_exists: async () => {
    const model = { agent: 'codex', name: `codex-${taskId}` };
    await post('/v1/models', model);
    return await post('/v1/models', model);
  },
  project_not_found: () => get(`/v1/tasks?projectId=${NOBODY_KNOWS}`),
  task_not_found: () => get(`/v1/tasks/${NOBODY_KNOWS}`),
  attempt_not_found: () => get(`/v1/attempts/${NOBODY_KNOWS}/processes`),
  session_not_found: () => get(`/v1/sessions/${NOBODY_KNOWS}`),
  process_not_found: async () =>
    post(`/v1/sessions/${await started()}/processes/${NOBODY_KNOWS}/finish`, { generation: 1, ending: 'completed' }),
  invalid_request: () => get('/v1/sessions?limit=none'),
  request_aborted: async () => {
    // The request waits behind another one and its client leaves. That client gets no answer, so the test reads the
    // error from the metrics.
    await started();
    const confirm = await confirmOf(OPUS);
    await using _held = await holdSlot(api.databaseUrl, { taskId, phase: 'run', mode: 'standard' });
    const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: OPUS }, confirm };
    const first = start(OPUS, { confirm });
    const leaving = AbortSignal.timeout(100);
    await fetch(`${api.api.url}/v1/sessions`, {
      method: 'POST',
      signal: leaving,
      headers: { Authorization: `Bearer ${api.key}`, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    }).catch(() => undefined);
    await eventually(async () =>
      expect(await readMetric(api.api.guard, 'phaselock_errors_total', { code: 'request_aborted' })).toBe(1),
    );
    await first;
    return { status: 499, text: JSON.stringify({ code: 'request_aborted', title: ERRORS.request_aborted.text }) };
  },
  still_in_use: async () => {
    await started();
    return await api.call('DELETE', `/v1/tasks/${taskId}`);
  },
  model_not_found: () => api.call('DELETE', `/v1/models/${NOBODY_KNOWS}`),
  profile_not_found: () => api.call('DELETE', `/v1/profiles/${NOBODY_KNOWS}`),
  api_key_not_found: () => api.call('DELETE', `/v1/admin/api-keys/${NOBODY_KNOWS}`),
  last_admin_key: async () => {
    const { id = '' } = (await api.api.guard.findApiKey(api.key.slice(4, 16))) ?? {};
    return await api.call('DELETE', `/v1/admin/api-keys/${id}`);
  },
  flag_not_found: () => api.call('PUT', '/v1/admin/flags/no_such_flag', { body: { enabled: true } }),
  archive_not_found: async () => await get(`/v1/archives/${await started('plan')}`),
  archive_removed: async () => {
    const archived = await anArchived();
    await api.api.guard.database.pool.pg.query('update archives set purged_at = now(), expires_at = now()');
    await archiveNow(api.api.guard.database, folder);
    return await get(archived);
  },
  archive_damaged: async () => {
    const archived = await anArchived();
    await rm(join(folder, 'sessions'), { recursive: true });
    return await get(archived);
  },
  archive_unavailable: async () => {
    const archived = await anArchived();
    await rm(folder, { recursive: true });
    return await get(archived);
  },
  route_not_found: () => get('/v1/nothing'),
  method_not_allowed: () => api.call('DELETE', '/v1/sessions'),
  unauthorized: () => api.call('GET', '/v1/sessions', { key: null }),
  forbidden: async () => api.call('GET', '/v1/admin/flags', { key: await api.keyFor(['sessions:read']) }),
  request_timeout: () =>
    wire(
      'POST /v1/sessions HTTP/1.1',
      'Host: localhost',
      withKey(),
      'Content-Type: application/json',
      'Content-Length: 9',
      '',
      '{',
    ),
  headers_too_large: () => wire('GET / HTTP/1.1', 'Host: localhost', `X-Long: ${'x'.repeat(20_000)}`, '', ''),
  payload_too_large: () => post('/v1/projects', { name: 'x'.repeat(2_000_000) }),
  unsupported_media_type: () => api.call('POST', '/v1/projects', { text: '<name/>', type: 'text/xml' }),
  rate_limited: async () => {
    await using limited = await openTestApi({ PHASELOCK_RATE_LIMIT: '1' });
    await limited.call('GET', '/v1/sessions');
    return await limited.call('GET', '/v1/sessions');
  },
  too_many_open_answers: async () => {
    await using narrow = await openTestApi({ PHASELOCK_MAX_STREAMS_PER_CALLER: '1' });
    const path = `/v1/tasks/${await narrow.world.task()}/changes`;
    const leave = new AbortController();
    const headers = { Authorization: `Bearer ${narrow.key}` };
    await fetch(`${narrow.api.url}${path}`, { headers, signal: leave.signal });
    const refused = await narrow.call('GET', path);
    leave.abort();
    return refused;
  },
  overloaded: async () => {
    await using small = await openTestApi({ PHASELOCK_POOL_SIZE: '2', PHASELOCK_MAX_POOL_WAITING: '1' });
    const waiting: Promise<unknown>[] = [];
    await using held = new AsyncDisposableStack();
    held.defer(async () => void (await Promise.all(waiting)));
    held.use(await lockModels(small));
    for (let nth = 0; nth < 12; nth += 1) waiting.push(small.call('GET', '/v1/models'));
    // The refused request must come after the others have reached the pool, or it would wait with them.
    await eventually(() => expect(small.api.guard.database.pool.stats().waiting).toBeGreaterThan(1));
    return await small.call('GET', '/v1/models');
  },
};

test.each(ERROR_CODES)('%s is answered with its status, text and headers', async (code) => {
  const { status, text, headers } = await WAYS[code]();
  const body: unknown = JSON.parse(text.slice(text.indexOf('{')));
  expect(body).toMatchObject({ code, title: ERRORS[code].text });
  expect(status).toBe(ERRORS[code].status);
  expect(text).not.toMatch(/\.ts:| {4}at |node_modules/);
  if (headers === undefined) return;
  expect(body).toMatchObject({ type: problemType(code), status, retryable: ERRORS[code].retryable });
  expect(headers.get('content-type')).toBe('application/problem+json');
  expect(headers.get('x-request-id')).toBe(field(body, 'requestId'));
  expect(headers.has('retry-after')).toBe(ERRORS[code].retryable);
});
