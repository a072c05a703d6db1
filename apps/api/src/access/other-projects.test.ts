import { parseTaskId } from '@phaselock/core';
import { SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { textField } from '../../test/fields.ts';
import { openTestApi, type TestApi } from '../../test/open-test-api.ts';
import { sendOverTheWire } from '../../test/over-the-wire.ts';

const UNKNOWN = '01936f6e-0000-7000-8000-000000000000';
const UUID = /[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}/g;

let api: TestApi;
let theirs: Running;
let neighbour: Running;
let stranger: string;
beforeAll(async () => {
  api = await openTestApi();
  theirs = await running(await api.world.task());
  const ours = await api.api.guard.addProject('ours');
  stranger = await api.keyFor(['sessions:read', 'sessions:write', 'sessions:replace'], ours);
  neighbour = await running(await api.api.guard.addTask(ours, 'a task'));
  for (const place of [theirs, neighbour]) await tell(place, place.told, api.key);
});
afterAll(() => api[Symbol.asyncDispose]());

type Running = { readonly path: string; readonly attemptId: string; readonly processId: string; readonly told: string };

async function running(task: string): Promise<Running> {
  const taskId = parseTaskId(task);
  if (taskId === undefined) throw new Error('not an id');
  const attemptId = await api.world.attempt(taskId);
  const model = { agent: 'claude-code', model: SONNET };
  const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model } });
  const id = textField(started.body, 'session.id');
  const path = `/v1/sessions/${id}`;
  const turn = await api.call('POST', `${path}/turns`, { body: { generation: 1, attemptId } });
  return { path, attemptId, processId: textField(turn.body, 'processId'), told: `told by ${id}` };
}
const tell = ({ path, processId }: Running, agentSessionId: string, key = stranger) =>
  api.call('PUT', `${path}/processes/${processId}/agent-session`, { body: { generation: 1, agentSessionId }, key });
const finish = ({ path, processId }: Running, agentSessionId: string) =>
  api.call('POST', `${path}/processes/${processId}/finish`, {
    body: { generation: 1, ending: 'completed', agentSessionId },
    key: stranger,
  });
const retry = async ({ path, attemptId }: Running, preRetryId: string) =>
  await api.call('POST', `${path}/turns`, { body: { generation: 1, attemptId, preRetryId }, key: stranger });

type Told = { readonly status: number; readonly body: unknown; readonly text: string; readonly headers: Headers };
/** What a client can compare between two refusals: everything but the request id and the values of the headers. */
const saidBy = ({ status, text, headers }: Told) => ({
  status,
  text: text.replaceAll(/"requestId":"[^"]+"/g, ''),
  headers: [...headers.keys()].toSorted(),
});

describe('an agent session id that is already in use', () => {
  const mine = async (): Promise<Running> => {
    const { items } = await api.api.guard.listProjects({}, { limit: 10 });
    const ours = items.find(({ name }) => name === 'ours');
    if (ours === undefined) throw new Error('no project');
    return await running(await api.api.guard.addTask(ours.id, 'another task'));
  };

  test.each<[string, (place: Running, id: string) => Promise<Told>]>([
    ['reported while the process runs', tell],
    ['reported when the process finishes', finish],
  ])('gets the same refusal whether another project or the own project uses it, %s', async (_, say) => {
    const foreign = await say(await mine(), theirs.told);
    const own = await say(await mine(), neighbour.told);
    expect(foreign.body).toMatchObject({ status: 409, code: 'agent_session_taken' });
    expect(saidBy(foreign)).toEqual(saidBy(own));
    expect(foreign.text.replaceAll(/"requestId":"[^"]+"/g, '').match(UUID)).toBeNull();
  });

  test('gets the same refusal in both cases when a retry names it', async () => {
    const [first, second] = [await mine(), await mine()];
    await finish(first, `${first.told} at last`);
    await finish(second, `${second.told} at last`);
    const foreign = await retry(first, theirs.told);
    expect(foreign.body).toMatchObject({ status: 409, code: 'agent_session_taken' });
    expect(saidBy(foreign)).toEqual(saidBy(await retry(second, neighbour.told)));
  });
});

test('a process of another project gets the same 404 as an unknown process', async () => {
  const answers = await Promise.all(
    [theirs.processId, UNKNOWN].map((processId) => tell({ ...neighbour, processId }, 'any')),
  );
  const [foreign, unknown] = answers.map(saidBy);
  expect(foreign).toEqual(unknown);
  expect(foreign?.status).toBe(404);
});

test('an Idempotency-Key does not return the answer of another caller', async () => {
  const projectKey = await api.keyFor(['sessions:write'], api.world.projectId);
  const headers = { 'Idempotency-Key': 'the-same' };
  const body = { projectId: api.world.projectId, title: 'a task' };
  const made = await api.call('POST', '/v1/tasks', { body, headers, key: projectKey });
  expect(made.status).toBe(201);
  const refused = await api.call('POST', '/v1/tasks', { body, headers, key: stranger });
  expect(refused.body).toMatchObject({ code: 'project_not_found' });
});

test('/metrics returns 403 to a key bound to one project', async () => {
  const ask = (key: string) =>
    sendOverTheWire(api.api.url, [
      `GET /metrics HTTP/1.1\r\nHost: elsewhere.example\r\nAuthorization: Bearer ${key}\r\nConnection: close\r\n\r\n`,
    ]);
  const refused = await ask(stranger);
  expect(refused.status).toBe(403);
  expect(refused.text).toContain('needs a key or token for all projects');
  expect((await ask(await api.keyFor(['sessions:read']))).status).toBe(200);
});
