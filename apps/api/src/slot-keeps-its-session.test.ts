import { OPUS, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { field, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

const FORBIDDEN = { code: 'forbidden', detail: 'needs the scope sessions:replace' };
const claude = (model: string) => ({ agent: 'claude-code', model });

let api: TestApi;
let writer: string;
let replacer: string;

beforeAll(async () => {
  api = await openTestApi({ PHASELOCK_LEASE_MS: '60000' });
  writer = await api.keyFor(['sessions:read', 'sessions:write']);
  replacer = await api.keyFor(['sessions:read', 'sessions:write', 'sessions:replace']);
});
afterAll(() => api[Symbol.asyncDispose]());

async function begin(model = SONNET) {
  const taskId = await api.world.task();
  const started = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: claude(model) } });
  return { taskId, sessionId: textField(started.body, 'session.id') };
}
const liveIn = async (taskId: string) => (await api.call('GET', `/v1/tasks/${taskId}/sessions/latest?phase=run`)).body;

describe('without sessions:replace', () => {
  test('a live session cannot be deleted, and with the scope it can', async () => {
    const { taskId, sessionId } = await begin();
    const refused = await api.call('DELETE', `/v1/sessions/${sessionId}`, { key: writer });
    expect([refused.status, refused.body]).toMatchObject([403, FORBIDDEN]);
    expect(await liveIn(taskId)).toMatchObject({ session: { id: sessionId } });
    expect((await api.call('DELETE', `/v1/sessions/${sessionId}`, { key: replacer })).status).toBe(204);
  });

  test('a stopped session cannot be deleted, because it keeps its slot', async () => {
    const { sessionId } = await begin();
    const stopped = await api.call('POST', `/v1/sessions/${sessionId}/stop`, { body: { generation: 1 }, key: writer });
    expect(stopped.status).toBe(200);
    expect((await api.call('DELETE', `/v1/sessions/${sessionId}`, { key: writer })).status).toBe(403);
  });

  test('a bulk delete that includes a live session is refused as a whole', async () => {
    const gone = (await begin()).sessionId;
    await api.call('DELETE', `/v1/sessions/${gone}`);
    const { taskId, sessionId } = await begin();
    const alone = await standalone(taskId);
    const many = (sessionIds: string[]) =>
      api.call('POST', '/v1/sessions/bulk-delete', { body: { sessionIds }, key: writer });
    const refused = await many([gone, alone, sessionId]);
    expect([refused.status, refused.body]).toMatchObject([403, FORBIDDEN]);
    expect((await api.call('GET', `/v1/sessions/${alone}`)).body).toMatchObject({ deletedAt: null });
    expect((await many([gone, alone])).body).toEqual({ deleted: [alone] });
  });

  test('a standalone or already deleted session can be deleted', async () => {
    const { taskId, sessionId } = await begin();
    expect((await api.call('DELETE', `/v1/sessions/${await standalone(taskId)}`, { key: writer })).status).toBe(204);
    await api.call('DELETE', `/v1/sessions/${sessionId}`);
    expect((await api.call('DELETE', `/v1/sessions/${sessionId}`, { key: writer })).status).toBe(204);
  });

  test('a session outside the guard that the next start would find cannot be deleted', async () => {
    const { taskId, sessionId } = await legacy();
    expect((await api.call('DELETE', `/v1/sessions/${sessionId}`, { key: writer })).status).toBe(403);
    const asked = await api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: claude(OPUS) } });
    expect(asked.body).toMatchObject({ code: 'replace_confirmation_required' });
  });
});

async function standalone(taskId: string): Promise<string> {
  const body = { taskId, phase: 'run', model: claude(SONNET) };
  return textField((await api.call('POST', '/v1/sessions/standalone', { body, key: writer })).body, 'id');
}

async function legacy() {
  const guard = (enabled: boolean) => api.call('PUT', '/v1/admin/flags/single_session_guard', { body: { enabled } });
  await guard(false);
  try {
    return await begin();
  } finally {
    await guard(true);
  }
}

/**
 * The requests a key may send for a slot, in any order. Most are refused, and none may put another model into the slot.
 */
type Place = { readonly taskId: string; readonly sessionId: string; readonly attemptId: string; processId: string };
const send = (path: string, body: unknown) => api.call('POST', path, { body, key: writer });
const remove = (path: string) => api.call('DELETE', path, { key: writer });
const shown = ({ sessionId }: Place) => ({ kind: 'replace', shown: { sessionId, generation: 1 } });
const turn = async (place: Place, more: object) => {
  const { sessionId, attemptId } = place;
  const { body, status } = await send(`/v1/sessions/${sessionId}/turns`, { generation: 1, attemptId, ...more });
  if (status === 201) place.processId = textField(body, 'processId');
};
const finish = ({ sessionId, processId }: Place, more: object) =>
  send(`/v1/sessions/${sessionId}/processes/${processId}/finish`, { generation: 1, ending: 'completed', ...more });
const start = ({ taskId }: Place, more: object) =>
  send('/v1/sessions', { taskId, phase: 'run', model: claude(OPUS), ...more });
const told = ({ sessionId }: Place): string => `${sessionId} told`;

const MOVES: Readonly<Record<string, (place: Place) => Promise<unknown>>> = {
  start: (place) => start(place, {}),
  'start and keep': (place) => start(place, { confirm: { kind: 'keep' } }),
  'start and replace': (place) => start(place, { confirm: shown(place) }),
  'start many': (place) =>
    send('/v1/sessions/bulk', {
      items: [{ taskId: place.taskId, phase: 'run', model: claude(OPUS), confirm: shown(place) }],
    }),
  delete: ({ sessionId }) => remove(`/v1/sessions/${sessionId}`),
  'delete many': ({ sessionId }) => send('/v1/sessions/bulk-delete', { sessionIds: [sessionId] }),
  'delete the task': ({ taskId }) => remove(`/v1/tasks/${taskId}`),
  'delete the attempt': ({ attemptId }) => remove(`/v1/attempts/${attemptId}`),
  'delete the project': () => remove(`/v1/projects/${api.world.projectId}`),
  stop: ({ sessionId }) => send(`/v1/sessions/${sessionId}/stop`, { generation: 1 }),
  fail: ({ sessionId }) => send(`/v1/sessions/${sessionId}/stop`, { generation: 1, as: 'failed' }),
  turn: (place) => turn(place, {}),
  'turn of another model': (place) => turn(place, { model: claude(OPUS) }),
  'turn that replaces': (place) => turn(place, { model: claude(OPUS), onModelChange: 'replace' }),
  'turn that keeps': (place) => turn(place, { model: claude(OPUS), confirm: { kind: 'keep' } }),
  'turn without context': (place) => turn(place, { model: claude(OPUS), skipContext: true, onModelChange: 'replace' }),
  'turn that lost its id': (place) =>
    turn(place, { lostId: told(place), model: claude(OPUS), onModelChange: 'replace' }),
  'turn from an unknown id': (place) =>
    turn(place, { preRetryId: 'nobody told this', model: claude(OPUS), confirm: { kind: 'keep' } }),
  finish: (place) => finish(place, { agentSessionId: told(place) }),
  'finish without an id': (place) => finish(place, {}),
  'finish and lose': (place) => finish(place, { lostAgentSession: true, ending: 'failed' }),
  standalone: ({ taskId }) => send('/v1/sessions/standalone', { taskId, phase: 'run', model: claude(OPUS) }),
  'switch the guard off': () =>
    api.call('PUT', '/v1/admin/flags/single_session_guard', { body: { enabled: false }, key: writer }),
  'delete the model': async () => {
    const { body } = await api.call('GET', '/v1/models?limit=1', { key: writer });
    return await remove(`/v1/models/${textField(body, 'items.0.id')}`);
  },
};

/** Pseudo-random numbers that are the same in each run. */
function* numbers(seed: number): Generator<number, never> {
  for (let state = seed; ; ) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    yield state >>> 8;
  }
}

const STEPS = 14;
test.each(Array.from({ length: 24 }, (_, seed) => seed + 1))(
  'no sequence of calls without sessions:replace puts another model into a slot that had a session (seed %i)',
  async (seed) => {
    const begun = await begin();
    const place: Place = { ...begun, attemptId: await api.world.attempt(begun.taskId), processId: begun.sessionId };
    const names = Object.keys(MOVES);
    const random = numbers(seed);
    const made: string[] = [];
    for (let step = 0; step < STEPS; step += 1) {
      const name = names[random.next().value % names.length] ?? '';
      made.push(name);
      await MOVES[name]?.(place);
      const slot = await liveIn(place.taskId);
      expect(field(slot, 'session.id'), made.join(', ')).toBe(place.sessionId);
      expect(field(slot, 'session.model.model'), made.join(', ')).toBe(SONNET);
    }
  },
);
