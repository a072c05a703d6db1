import { type Client, createClient, eachItem } from '@phaselock/contract';
import { SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';
import { PAGE_BYTES } from './server/answer-page.ts';

let api: TestApi;
let client: Client;
/** The body length of each response that the client received. */
let lengths: number[];
beforeAll(async () => {
  api = await openTestApi();
  const counting: typeof fetch = async (...asked) => {
    const response = await fetch(...asked);
    lengths.push((await response.clone().arrayBuffer()).byteLength);
    return response;
  };
  client = createClient({ baseUrl: api.api.url, key: api.key, fetch: counting });
});
afterAll(() => api[Symbol.asyncDispose]());

const query = (text: string, values: unknown[]) => api.api.guard.database.pool.pg.query(text, values);

async function aSession() {
  const taskId = await api.world.task();
  const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } };
  const sessionId = textField((await api.call('POST', '/v1/sessions', { body })).body, 'session.id');
  return { taskId, sessionId };
}

async function withHistory(count: number) {
  const { taskId, sessionId } = await aSession();
  const attemptId = await api.world.attempt(taskId);
  await query(
    `insert into session_events (session_id, task_id, phase, mode, type, generation, at)
     select $1, $2, 'run', 'standard', 'told', 1, now() from generate_series(2, $3)`,
    [sessionId, taskId, count],
  );
  await query(
    `insert into processes (id, task_id, attempt_id, session_id, seq, action, reason, agent, parameters, generation, status, started_at, ended_at)
     select gen_random_uuid(), $2, $3, $1, n, 'CodingAgentInitialRequest', 'first', 'claude-code', '{}', 1, 'completed', now(), now()
     from generate_series(1, $4) n`,
    [sessionId, taskId, attemptId, count],
  );
  await query(
    `insert into feedback (session_id, rating, comment) select $1, 'good', n::text from generate_series(1, $2) n`,
    [sessionId, count],
  );
  await query(
    `insert into session_logs (session_id, kind, line) select $1, 'stdout', n::text from generate_series(1, $2) n`,
    [sessionId, count],
  );
  return { params: { sessionId } };
}

test('the history of a session is read page by page, each entry once and in order', async () => {
  const { params } = await withHistory(7);
  lengths = [];
  const query = { limit: 3 };
  const events = await Array.fromAsync(eachItem(client.sessionEvents, { params, query }));
  expect(events.map(({ id }) => id)).toEqual(events.map(({ id }) => id).toSorted((a, b) => a - b));
  const processes = await Array.fromAsync(eachItem(client.sessionProcesses, { params, query }));
  expect(processes.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5, 6, 7]);
  const feedback = await Array.fromAsync(eachItem(client.listFeedback, { params, query }));
  expect(feedback.map(({ comment }) => comment)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  const logs = await Array.fromAsync(eachItem(client.sessionLogs, { params, query }));
  expect(logs.map(({ line }) => line)).toEqual(['1', '2', '3', '4', '5', '6', '7']);
  expect([events.length, lengths.length]).toEqual([7, 4 * 3]);
});

test('a page of session history holds up to 1000 entries when the request sets no limit', async () => {
  const { params } = await withHistory(1_001);
  for (const list of [client.sessionEvents, client.sessionProcesses, client.listFeedback]) {
    const { body } = await list({ params });
    expect(body.items).toHaveLength(1_000);
    const { body: rest } = await list({ params, query: { cursor: body.next ?? '' } });
    expect([rest.items.length, rest.next]).toEqual([1, null]);
  }
});

test.each(['events', 'processes', 'feedback', 'logs'])(
  '%s of an unknown session return session_not_found, not an empty page',
  async (what) => {
    const path = `/v1/sessions/01936f6e-0000-7000-8000-000000000000/${what}`;
    for (const cursor of ['', '?cursor=OTk'])
      expect((await api.call('GET', `${path}${cursor}`)).body).toMatchObject({ code: 'session_not_found' });
  },
);

test('a log cursor may be larger than a 32-bit integer', async () => {
  const { params } = await withHistory(1);
  const cursor = Buffer.from('3000000000').toString('base64url');
  expect((await client.sessionLogs({ params, query: { cursor } })).body).toEqual({ items: [], next: null });
});

test.each([
  ['long lines', `repeat('x', 100000)`],
  ['lines that grow sixfold when escaped as JSON', `repeat(E'\\x01', 100000)`],
])('a page of %s ends early at the size limit, and the next page continues', async (_, line) => {
  const { sessionId } = await aSession();
  await query(
    `insert into session_logs (session_id, kind, line) select $1, 'stdout', ${line} from generate_series(1, 200)`,
    [sessionId],
  );
  lengths = [];
  const asking = { params: { sessionId }, query: { limit: 1_000 } };
  expect(await Array.fromAsync(eachItem(client.sessionLogs, asking))).toHaveLength(200);
  expect(lengths.length).toBeGreaterThan(1);
  expect(Math.max(...lengths)).toBeLessThan(PAGE_BYTES + 1_000);
});

test('a page of sessions with long handoffs ends early; latest sessions of too many tasks are refused', async () => {
  const sessions = await Promise.all(Array.from({ length: 100 }, aSession));
  const taskIds = sessions.map(({ taskId }) => taskId);
  await query(`update sessions set handoff = repeat('h', 100000) where task_id = any ($1)`, [taskIds]);
  lengths = [];
  const page = await client.listSessions({ query: { limit: 200 } });
  expect(page.body.items.length).toBeLessThan(100);
  expect(page.body.next).not.toBeNull();
  expect(Math.max(...lengths)).toBeLessThan(PAGE_BYTES + 1_000);
  await expect(client.latestOfMany({ body: { taskIds } })).rejects.toMatchObject({
    code: 'invalid_request',
    problem: { detail: 'the answer would be too large: ask for fewer tasks at once' },
  });
  expect((await client.latestOfMany({ body: { taskIds: taskIds.slice(0, 10) } })).body.sessions).toHaveLength(10);
});

test('a page of API keys with oversized names ends early, and the next page continues', async () => {
  await query(
    `insert into api_keys (id, prefix, secret_sha256, name, scopes)
     select gen_random_uuid(), lpad(n::text, 12, '0'), sha256(n::text::bytea), repeat('n', 100000), '{sessions:read}' from generate_series(1, 150) n`,
    [],
  );
  lengths = [];
  expect(await Array.fromAsync(eachItem(client.listApiKeys, { query: { limit: 200 } }))).toHaveLength(151);
  expect(Math.max(...lengths)).toBeLessThan(PAGE_BYTES + 1_000);
});
