import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { SONNET, temporaryDirectory } from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { archiveNow } from '../test/archive-now.ts';
import { field, textField } from '../test/fields.ts';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let api: TestApi;
beforeAll(async () => {
  directory = await temporaryDirectory();
  api = await openTestApi({ PHASELOCK_ARCHIVE_URL: `folder:${directory.path}` });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
  await directory[Symbol.asyncDispose]();
});

const MOST = Number.MAX_SAFE_INTEGER;
const totals = (of: number) => ({ inputTokens: of, outputTokens: of, turns: of, costUsdMicros: of });

async function aSession() {
  const taskId = await api.world.task();
  const attemptId = await api.world.attempt(taskId);
  const body = { taskId, phase: 'run', model: { agent: 'claude-code', model: SONNET } };
  const sessionId = textField((await api.call('POST', '/v1/sessions', { body })).body, 'session.id');
  const run = async () => {
    const turn = await api.call('POST', `/v1/sessions/${sessionId}/turns`, { body: { generation: 1, attemptId } });
    const process = `/v1/sessions/${sessionId}/processes/${textField(turn.body, 'processId')}`;
    return {
      tell: (usage: object) => api.call('PUT', `${process}/usage`, { body: usage }),
      finish: (usage: object) =>
        api.call('POST', `${process}/finish`, {
          body: { generation: 1, ending: 'completed', agentSessionId: sessionId, usage },
        }),
    };
  };
  return { taskId, sessionId, attemptId, run };
}

test.each([2 ** 31 - 1, 2 ** 31, 2 ** 32, MOST])(
  'totals of %d are accepted in a usage report and in a finish',
  async (of) => {
    const { sessionId, run } = await aSession();
    const process = await run();
    expect((await process.tell(totals(of))).status).toBe(204);
    expect((await process.finish(totals(of))).status).toBe(200);
    expect((await api.call('GET', `/v1/sessions/${sessionId}`)).body).toMatchObject({ usage: totals(of) });
  },
);

test.each([2 ** 53, 2 ** 63, 2 ** 64, 1e300])(
  'a total of %d is refused in a usage report and in a finish',
  async (of) => {
    const { run } = await aSession();
    const process = await run();
    for (const name of Object.keys(totals(0))) {
      const usage = { ...totals(1), [name]: of };
      expect((await process.tell(usage)).body).toMatchObject({ code: 'invalid_request' });
      expect((await process.finish(usage)).body).toMatchObject({ code: 'invalid_request' });
    }
  },
);

test('the usage sum of a session is capped at the largest safe integer in answers, export and archive', async () => {
  const { taskId, sessionId, attemptId, run } = await aSession();
  for (const of of [MOST - 1, 5, MOST]) {
    const process = await run();
    expect((await process.tell(totals(of))).status).toBe(204);
    expect((await process.finish(totals(of))).status).toBe(200);
  }
  const usage = totals(MOST);
  const own = `/v1/sessions/${sessionId}`;
  expect((await api.call('GET', own)).body).toMatchObject({ usage });
  expect((await api.call('GET', `/v1/sessions?taskId=${taskId}`)).body).toMatchObject({ items: [{ usage }] });
  expect((await api.call('POST', '/v1/sessions/latest', { body: { taskIds: [taskId] } })).body).toMatchObject({
    sessions: [{ usage }],
  });
  const processes = [{ usage: totals(MOST - 1) }, { usage: totals(5) }, { usage }];
  expect((await api.call('GET', `${own}/processes`)).body).toMatchObject({ items: processes });
  expect((await api.call('GET', `/v1/attempts/${attemptId}/processes`)).body).toMatchObject({ items: processes });
  const exported: unknown = JSON.parse((await api.call('GET', `${own}/export`)).text);
  expect(exported).toMatchObject({ session: { usage }, processes });

  await api.call('DELETE', own);
  await archiveNow(api.api.guard.database, directory.path);
  const file = (await readdir(directory.path, { recursive: true })).find((name) => name.includes(sessionId)) ?? '';
  const archived: unknown = JSON.parse(gunzipSync(await readFile(join(directory.path, file))).toString());
  expect(field(archived, 'session')).toMatchObject({ usage });
  expect(archived).toMatchObject({ processes });
});
