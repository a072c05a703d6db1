import { bucketOf } from '@phaselock/rollout';
import { readMetric } from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestApi, type TestApi } from './testing/open-test-api.ts';

const GUARD = '/v1/admin/flags/single_session_guard';
const SONNET = { agent: 'claude-code', model: 'claude-sonnet-4-5' };
const OPUS = { agent: 'claude-code', model: 'claude-opus-4-5' };

/** The first user, by number, that is in the rollout from so many percent on, but not from so few. */
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

describe('at 5 %', () => {
  beforeAll(() => share(5));

  test('the rule holds for the users who are in, and for others it is as before', async () => {
    const [mine, theirs] = [await scene.world.task(), await scene.world.task()];
    expect(await startFor(EARLY, mine)).toMatchObject({ status: 201, body: { outcome: 'created' } });
    expect(await startFor(EARLY, mine)).toMatchObject({ status: 200, body: { outcome: 'existing' } });
    expect(await startFor(EARLY, mine, OPUS)).toMatchObject({ status: 409 });
    for (let time = 0; time < 2; time += 1)
      expect(await startFor(LATE, theirs)).toMatchObject({ status: 201, body: { outcome: 'created-beside' } });
  });

  test('a task that was guarded stays so for those who are not in, and they are counted', async () => {
    const taskId = await scene.world.task();
    await startFor(EARLY, taskId);
    const crossed = 'phaselock_rollout_crossed_starts_total';
    const before = await readMetric(scene.api.guard, crossed);
    expect(await startFor(LATE, taskId)).toMatchObject({ status: 200, body: { outcome: 'existing' } });
    expect(await startFor(LATE, taskId, OPUS)).toMatchObject({ status: 409 });
    // Another phase of it, too: it is the task that is guarded.
    expect(await startFor(LATE, taskId, SONNET, { phase: 'verify' })).toMatchObject({
      status: 201,
      body: { outcome: 'created' },
    });
    expect(await readMetric(scene.api.guard, crossed)).toBe(before + 3);
  });

  test('many starts at once are each for their own user', async () => {
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
    // The key itself is a user as well, in or out.
    expect(['created', 'created-beside']).toContain(third);
    expect(await readMetric(scene.api.guard, 'phaselock_rollout_crossed_starts_total')).toBe(before + 1);
  });

  test('one who comes in later finds the newest of what was begun beside, and the rest is put away', async () => {
    const taskId = await scene.world.task();
    await startFor(LATE, taskId);
    const newest = await startFor(LATE, taskId);
    await share(100);
    expect(await startFor(LATE, taskId)).toMatchObject({
      status: 200,
      body: { session: { id: Object(newest.body).session.id } },
    });
    await share(5);
    // Enrolled once, the task stays guarded although the share has become smaller.
    expect(await startFor(LATE, taskId)).toMatchObject({ status: 200 });
  });
});

describe('switched off', () => {
  test('nobody is guarded any more, at tasks that were not excepted; on again, they are', async () => {
    await share(100);
    const taskId = await scene.world.task();
    await startFor(EARLY, taskId);
    await scene.call('POST', `${GUARD}/kill`, { body: { why: 'they fail' } });
    expect(await startFor(EARLY, taskId, OPUS)).toMatchObject({ status: 201, body: { outcome: 'created-beside' } });
    await share(100);
    expect(await startFor(EARLY, taskId)).toMatchObject({ status: 200, body: { outcome: 'existing' } });
  });
});

describe('naming a user', () => {
  test('takes a scope of its own', async () => {
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

  test.each([[''], [' '], ['x'.repeat(201)], [7], [null]])('%j is no user', async (onBehalfOf) => {
    const taskId = await scene.world.task();
    expect(
      await scene.call('POST', '/v1/sessions', { body: { taskId, phase: 'run', model: SONNET, onBehalfOf } }),
    ).toMatchObject({ status: 400 });
  });
});
