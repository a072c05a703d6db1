import { ERRORS } from '@phaselock/core';
import { OPUS, SONNET } from '@phaselock/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { field, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await openTestApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const USAGE = { inputTokens: 10, outputTokens: 5, turns: 1, costUsdMicros: 7 } as const;

const model = (name: string) => ({ agent: 'claude-code', model: name });

async function inSession() {
  const taskId = await api.world.task();
  const attemptId = await api.world.attempt(taskId);
  const start = (name: string, more: object = {}) =>
    api.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: model(name), ...more } });
  const sessionId = textField((await start(SONNET)).body, 'session.id');
  const path = `/v1/sessions/${sessionId}`;
  const beginTurn = async () => {
    const { body } = await api.call('POST', `${path}/turns`, { body: { generation: 1, attemptId } });
    return textField(body, 'processId');
  };
  /** The reports of one process, fenced by the generation of the session and by the process id. */
  const report = (processId: string) => ({
    agentSession: (agentSessionId: string) =>
      api.call('PUT', `${path}/processes/${processId}/agent-session`, { body: { generation: 1, agentSessionId } }),
    usage: (usage: object) => api.call('PUT', `${path}/processes/${processId}/usage`, { body: usage }),
    logs: (line: string) =>
      api.call('POST', `${path}/processes/${processId}/logs?generation=1`, {
        text: JSON.stringify({ line }),
        type: 'application/x-ndjson',
      }),
    heartbeat: () => api.call('POST', `${path}/processes/${processId}/heartbeat`, { body: { generation: 1 } }),
    finish: (more: object = {}) =>
      api.call('POST', `${path}/processes/${processId}/finish`, {
        body: { generation: 1, ending: 'completed', ...more },
      }),
  });
  const read = async () => {
    const { headers, body } = await api.call('GET', path);
    return { etag: headers.get('etag'), body };
  };
  const lapse = () =>
    api.api.guard.database.pool.pg.query(
      "update sessions set lease_expires_at = clock_timestamp() - interval '1 s' where id = $1",
      [sessionId],
    );
  return { taskId, sessionId, path, start, beginTurn, report, read, lapse };
}
type Scene = Awaited<ReturnType<typeof inSession>>;

describe('a lost process after the next turn has begun', () => {
  let scene: Scene;
  let lost: ReturnType<Scene['report']>;
  let next: string;
  let told: string;
  beforeEach(async () => {
    scene = await inSession();
    lost = scene.report(await scene.beginTurn());
    told = `told ${scene.sessionId}`;
    await lost.agentSession(told);
    await scene.lapse();
    next = await scene.beginTurn();
  });

  test('gets stale_process for logs, usage or a new agent session id, and changes nothing', async () => {
    const before = await scene.read();
    const answers = [
      await lost.logs('too late'),
      await lost.agentSession(`zombie ${scene.sessionId}`),
      await lost.usage(USAGE),
      await lost.finish({ agentSessionId: `zombie ${scene.sessionId}`, usage: USAGE }),
    ];
    for (const { status, body } of answers) {
      expect(status).toBe(ERRORS.stale_process.status);
      expect(body).toMatchObject({ code: 'stale_process' });
    }
    expect((await lost.heartbeat()).body).toMatchObject({ outcome: 'stop', why: 'not-running' });
    expect(await scene.read()).toEqual(before);
  });

  test('may finish with its usage, and the next turn resumes the agent session id reported in time', async () => {
    expect((await lost.finish({ usage: USAGE })).body).toMatchObject({ outcome: 'finished', replaced: false });
    expect((await scene.read()).body).toMatchObject({ status: 'running', usage: USAGE, agentSessionId: told });
    await scene.report(next).finish();
    await scene.beginTurn();
    const { body } = await api.call('GET', `${scene.path}/processes`);
    expect(body).toMatchObject({
      items: [{ status: 'completed' }, { passedSessionId: told }, { passedSessionId: told, status: 'running' }],
    });
  });

  test('adds no line to the log, in which each line carries its process id', async () => {
    await scene.report(next).logs('of the second');
    await lost.logs('too late');
    const { body } = await api.call('GET', `${scene.path}/logs`);
    expect(body).toMatchObject({ items: [{ processId: next, line: 'of the second' }] });
    expect(field(body, 'items')).toHaveLength(1);
  });
});

describe('the entity tag of a session', () => {
  test('changes with its usage, and a deletion with the old tag is refused', async () => {
    const scene = await inSession();
    const running = scene.report(await scene.beginTurn());
    const before = await scene.read();
    expect((await running.usage(USAGE)).status).toBe(204);
    const after = await scene.read();
    expect(after.body).toMatchObject({ usage: USAGE });
    expect(after.etag).not.toBe(before.etag);
    expect((await running.usage(USAGE)).status).toBe(204);
    expect(await scene.read()).toEqual(after);
    const remove = (etag: string | null) => api.call('DELETE', scene.path, { headers: { 'If-Match': etag ?? '' } });
    expect((await remove(before.etag)).body).toMatchObject({ code: 'version_mismatch' });
    expect((await remove(after.etag)).status).toBe(204);
  });

  test('does not change, and neither does its body, when a finish is refused', async () => {
    const [scene, other] = [await inSession(), await inSession()];
    const taken = `taken ${other.sessionId}`;
    await other.report(await other.beginTurn()).finish({ agentSessionId: taken });
    const running = scene.report(await scene.beginTurn());
    const before = await scene.read();
    const refused = [
      [await running.finish({ usage: USAGE, generation: 2 }), 'stale_generation'],
      [await running.finish({ usage: USAGE, agentSessionId: taken }), 'agent_session_taken'],
    ] as const;
    for (const [{ body }, code] of refused) expect(body).toMatchObject({ code });
    expect(await scene.read()).toEqual(before);
    await running.finish({ usage: USAGE });
    const ended = await scene.read();
    expect((await running.finish({ ending: 'failed', usage: { ...USAGE, turns: 9 } })).body).toMatchObject({
      code: 'illegal_transition',
    });
    expect(await scene.read()).toEqual(ended);
  });
});

test('a finish of a process of a replaced session is accepted, but its agent session id is ignored', async () => {
  const scene = await inSession();
  const stopping = scene.report(await scene.beginTurn());
  const asked = await scene.start(OPUS);
  await scene.start(OPUS, { confirm: field(asked.body, 'confirm') });
  for (const refused of [await stopping.logs('too late'), await stopping.agentSession(`late ${scene.sessionId}`)])
    expect(refused.body).toMatchObject({ code: 'stale_generation' });
  const finish = { ending: 'killed', agentSessionId: `late ${scene.sessionId}`, usage: USAGE };
  expect((await stopping.finish(finish)).body).toMatchObject({ outcome: 'finished', replaced: true });
  expect((await scene.read()).body).toMatchObject({ agentSessionId: null, status: 'stopped', usage: USAGE });
});
