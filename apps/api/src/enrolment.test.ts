import { bucketOf } from '@phaselock/rollout';
import { readMetric } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApi, type TestApi } from '../test/open-test-api.ts';

const GUARD = '/v1/admin/flags/single_session_guard';
const SONNET = { agent: 'claude-code', model: 'claude-sonnet-4-5' };
const OPUS = { agent: 'claude-code', model: 'claude-opus-4-5' };

/** The first numbered user that is enrolled at `to` percent, but not at `from` percent. */
function userBetween(from: number, to: number): string {
  for (let number = 0; ; number += 1) {
    const name = `user-${number}`;
    const bucket = bucketOf({ flag: 'single_session_guard', salt: '1' }, name);
    if (bucket >= from * 100 && bucket < to * 100) return name;
  }
}
const EARLY = userBetween(0, 5);
const LATE = userBetween(50, 100);

let scene: TestApi;
let orchestrator: string;
beforeAll(async () => {
  scene = await openTestApi();
  orchestrator = await scene.keyFor(['sessions:read', 'sessions:write', 'sessions:replace', 'users:name']);
});
afterAll(() => scene[Symbol.asyncDispose]());

const share = (percent: number) => scene.call('PUT', GUARD, { body: { enabled: true, percent } });
const startFor = (onBehalfOf: string | undefined, taskId: string, model: object = SONNET, more: object = {}) =>
  scene.call('POST', '/v1/sessions', {
    key: orchestrator,
    body: { taskId, phase: 'run', model, ...(onBehalfOf !== undefined && { onBehalfOf }), ...more },
  });

describe('a rollout at 5 %', () => {
  beforeAll(() => share(5));

  test('guards the starts of enrolled users, and creates sessions beside each other for others', async () => {
    const [mine, theirs] = [await scene.world.task(), await scene.world.task()];
    expect(await startFor(EARLY, mine)).toMatchObject({ status: 201, body: { outcome: 'created' } });
    expect(await startFor(EARLY, mine)).toMatchObject({ status: 200, body: { outcome: 'existing' } });
    expect(await startFor(EARLY, mine, OPUS)).toMatchObject({ status: 409 });
    for (let time = 0; time < 2; time += 1)
      expect(await startFor(LATE, theirs)).toMatchObject({ status: 201, body: { outcome: 'created-beside' } });
  });

  test('guards and counts starts of users who are not enrolled when the task is already guarded', async () => {
    const taskId = await scene.world.task();
    await startFor(EARLY, taskId);
    const crossed = 'phaselock_rollout_crossed_starts_total';
    const before = await readMetric(scene.api.guard, crossed);
    expect(await startFor(LATE, taskId)).toMatchObject({ status: 200, body: { outcome: 'existing' } });
    expect(await startFor(LATE, taskId, OPUS)).toMatchObject({ status: 409 });
    // The other phases are guarded as well, because guarding applies to the whole task.
    expect(await startFor(LATE, taskId, SONNET, { phase: 'verify' })).toMatchObject({
      status: 201,
      body: { outcome: 'created' },
    });
    expect(await readMetric(scene.api.guard, crossed)).toBe(before + 3);
  });

  test('decides for each item of a bulk start by the user of the item', async () => {
    const tasks = await Promise.all(Array.from({ length: 4 }, () => scene.world.task()));
    const [one = '', two = '', three = '', four = ''] = tasks;
    await startFor(EARLY, four);
    const items = [
      { taskId: one, onBehalfOf: EARLY },
      { taskId: two, onBehalfOf: LATE },
      { taskId: three },
      { taskId: four, onBehalfOf: LATE },
    ].map((item) => ({ ...item, phase: 'run', model: SONNET }));
    const before = await readMetric(scene.api.guard, 'phaselock_rollout_crossed_starts_total');
    const many = () => scene.call('POST', '/v1/sessions/bulk', { key: orchestrator, body: { items } });
    const outcomes = async () =>
      Object(await many()).body.results.map(({ answer }: { answer: { outcome: string } }) => answer.outcome);
    const [first, second, third, fourth] = await outcomes();
    expect([first, second, fourth]).toEqual(['created', 'created-beside', 'existing']);
    // Without onBehalfOf the key is the subject, and its random id may be enrolled or not.
    expect(['created', 'created-beside']).toContain(third);
    expect(await readMetric(scene.api.guard, 'phaselock_rollout_crossed_starts_total')).toBe(before + 1);
  });

  test('gives a user who is enrolled later the newest of the sessions created beside each other', async () => {
    const taskId = await scene.world.task();
    await startFor(LATE, taskId);
    const newest = await startFor(LATE, taskId);
    await share(100);
    expect(await startFor(LATE, taskId)).toMatchObject({
      status: 200,
      body: { session: { id: Object(newest.body).session.id } },
    });
    await share(5);
    // The task was guarded once, so it stays guarded although the percentage is lower again.
    expect(await startFor(LATE, taskId)).toMatchObject({ status: 200 });
  });
});

describe('a killed flag', () => {
  test('leaves starts unguarded, also of guarded tasks, until the flag is enabled again', async () => {
    await share(100);
    const taskId = await scene.world.task();
    await startFor(EARLY, taskId);
    await scene.call('POST', `${GUARD}/kill`, { body: { why: 'they fail' } });
    expect(await startFor(EARLY, taskId, OPUS)).toMatchObject({ status: 201, body: { outcome: 'created-beside' } });
    await share(100);
    expect(await startFor(EARLY, taskId)).toMatchObject({ status: 200, body: { outcome: 'existing' } });
  });
});

describe('onBehalfOf', () => {
  test('needs the scope users:name', async () => {
    const taskId = await scene.world.task();
    const key = await scene.keyFor(['sessions:read', 'sessions:write']);
    const body = { taskId, phase: 'run', model: SONNET };
    const refused = { status: 403, body: { code: 'forbidden', detail: 'onBehalfOf: needs the scope users:name' } };
    expect(await scene.call('POST', '/v1/sessions', { key, body: { ...body, onBehalfOf: 'ada' } })).toMatchObject(
      refused,
    );
    const items = [body, { ...body, phase: 'plan', onBehalfOf: 'ada' }];
    expect(await scene.call('POST', '/v1/sessions/bulk', { key, body: { items } })).toMatchObject(refused);
    expect(await scene.call('POST', '/v1/sessions', { key, body })).toMatchObject({ status: 201 });
  });

  test.each([[''], [' '], ['x'.repeat(201)], [7], [null]])('is refused when it is %j', async (onBehalfOf) => {
    const taskId = await scene.world.task();
    expect(
      await scene.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: SONNET, onBehalfOf } }),
    ).toMatchObject({ status: 400 });
  });
});
