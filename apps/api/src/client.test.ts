import { ApiProblem, type Client, createClient, type Problem, readChanges } from '@phaselock/contract';
import { OPUS, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

let api: TestApi;
let client: Client;
beforeAll(async () => {
  api = await openTestApi();
  client = createClient({ baseUrl: api.api.url, key: api.key });
});
afterAll(() => api[Symbol.asyncDispose]());

describe('the typed client', () => {
  test('starts a session, throws the replace question as a problem, and confirms it', async () => {
    const taskId = await api.world.task();
    const asking = (model: string) => ({ taskId, phase: 'run', model: { agent: 'claude-code', model } });
    const started = await client.startSession({ body: asking(SONNET), idempotencyKey: taskId });
    expectTypeOf(started.status).toEqualTypeOf<200 | 201>();
    expect(started.body.outcome).toBe('created');

    const problem = await client.startSession({ body: asking(OPUS) }).catch((error: unknown) => error);
    if (!(problem instanceof ApiProblem)) throw new Error('no problem was thrown');
    expect(problem.code).toBe('replace_confirmation_required');
    const { confirm } = problem.problem;
    if (confirm === undefined) throw new Error('nothing to confirm');
    const replaced = await client.startSession({ body: { ...asking(OPUS), confirm } });
    expect(replaced.body.predecessor?.sessionId).toBe(started.body.session.id);

    const list = await client.listSessions({ query: { taskId, includeDeleted: 'true' } });
    expect(list.body.items).toHaveLength(2);
    const session = await client.getSession({ params: { sessionId: replaced.body.session.id } });
    const etag = session.headers?.etag ?? '';
    const gone = await client.deleteSession({ params: { sessionId: session.body.id }, ifMatch: etag });
    expect(gone.status).toBe(204);
  });

  test('two clients of one slot: the loser reads the new question in its problem and confirms it at once', async () => {
    const taskId = await api.world.task();
    const other = createClient({ baseUrl: api.api.url, key: api.key });
    const asking = (model: string) => ({ taskId, phase: 'run', model: { agent: 'claude-code', model } });
    const problemOf = async (call: Promise<unknown>) => {
      const error = await call.catch((thrown: unknown) => thrown);
      return error instanceof ApiProblem ? error.problem : expect.fail('no problem was thrown');
    };
    const confirmed = async (by: Client, model: string, { confirm }: Problem) =>
      by.startSession({ body: { ...asking(model), ...(confirm && { confirm }) } });
    await client.startSession({ body: asking(SONNET) });
    const question = await problemOf(client.startSession({ body: asking(OPUS) }));
    const late = await problemOf(other.startSession({ body: asking('claude-haiku-4-5') }));

    const won = await confirmed(client, OPUS, question);
    const next = await problemOf(confirmed(other, 'claude-haiku-4-5', late));
    expect(next).toMatchObject({ code: 'session_moved_on', question: 'replace', session: { id: won.body.session.id } });
    const answered = await confirmed(other, 'claude-haiku-4-5', next);
    expect(answered.body).toMatchObject({ outcome: 'replaced', predecessor: { sessionId: won.body.session.id } });
  });

  test('appends log lines and downloads them', async () => {
    const taskId = await api.world.task();
    const attemptId = await api.world.attempt(taskId);
    const { body } = await client.startSession({
      body: { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } },
    });
    const sessionId = body.session.id;
    const turn = await client.startTurn({ params: { sessionId }, body: { generation: 1, attemptId } });
    await client.appendLogs({
      params: { sessionId, processId: turn.body.processId },
      query: { generation: 1 },
      lines: [{ line: 'one' }, { line: 'two' }],
    });
    const download = await client.exportSession({ params: { sessionId } });
    expect(await download.json()).toMatchObject({ logs: [{ line: 'one' }, { line: 'two' }] });
  });

  test('follows the changes of a task and resumes after the last event id', async () => {
    const taskId = await api.world.task();
    const leave = new AbortController();
    const response = await client.taskChanges({ params: { taskId }, lastEventId: '0-0', signal: leave.signal });
    const start = (phase: string) =>
      client.startSession({ body: { taskId, phase, model: { agent: 'claude-code', model: SONNET } } });
    await start('plan');
    let last = '';
    for await (const { id, change } of readChanges(response)) {
      expect(change).toMatchObject({ taskId, phase: 'plan', type: 'created' });
      last = id;
      break;
    }
    leave.abort();
    await start('run');
    const again = await client.taskChanges({ params: { taskId }, lastEventId: last });
    for await (const { change } of readChanges(again)) {
      expect(change).toMatchObject({ taskId, phase: 'run', type: 'created' });
      break;
    }
  });

  test('throws a problem for an error response that is not a problem document', async () => {
    const proxy = createClient({
      baseUrl: api.api.url,
      fetch: async () => new Response('<h1>Bad gateway</h1>', { status: 502 }),
    });
    await expect(proxy.listProjects({})).rejects.toMatchObject({ code: 'unexpected', status: 502 });
  });

  test('returns liveness and readiness as answers', async () => {
    expect((await client.liveness({})).body).toEqual({ status: 'ok' });
    expect((await client.readiness({})).status).toBe(200);
  });
});
