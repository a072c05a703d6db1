import { parseSessionId } from '@phaselock/core';
import {
  aStart,
  aTurn,
  begin,
  OPUS,
  openTestGuard,
  replaceBy,
  SONNET,
  startedOf,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

describe('a list of sessions', () => {
  test('leaves deleted sessions out unless they are requested', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    const second = await replaceBy(guard, aStart(taskId, OPUS));
    const ids = async (includeDeleted: boolean) =>
      (await guard.list({ taskId, includeDeleted }, { limit: 10 })).sessions.map(({ id }) => id);
    expect(await ids(false)).toEqual([second.id]);
    expect(await ids(true)).toEqual([second.id, first.id]);
  });

  test('is filtered by task, project, phase, mode and status', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const plan = await begin(guard, aStart(taskId, SONNET, { phase: 'plan' }));
    const debug = await begin(guard, aStart(taskId, SONNET, { mode: 'debug' }));
    const running = await begin(guard, aStart(taskId));
    startedOf(await guard.startTurn(aTurn(running, await world.attempt(taskId))));
    const otherProject = await guard.addProject('another project');
    const elsewhere = await begin(guard, aStart(await guard.addTask(otherProject, 'a task')));
    const found = async (filter: Parameters<typeof guard.list>[0]) =>
      (await guard.list(filter, { limit: 200 })).sessions.map(({ id }) => id);
    expect(await found({ taskId })).toEqual([running.id, debug.id, plan.id]);
    expect(await found({ taskId, phase: 'plan' })).toEqual([plan.id]);
    expect(await found({ taskId, mode: 'debug' })).toEqual([debug.id]);
    expect(await found({ taskId, status: 'running' })).toEqual([running.id]);
    expect(await found({ projectId: otherProject })).toEqual([elsewhere.id]);
    expect(await found({ projectId: otherProject, taskId })).toEqual([]);
    expect(await found({ projectId: world.projectId })).not.toContain(elsewhere.id);
  });

  test('comes in pages, newest first, each session once, even if sessions are added meanwhile', async () => {
    const { guard } = scene;
    const projectId = await guard.addProject('of many tasks');
    const taskIds = [];
    for (let count = 0; count < 7; count += 1) taskIds.push(await guard.addTask(projectId, `task ${count}`));
    await guard.bulkStart(taskIds.map((taskId) => aStart(taskId)));
    const seen: string[] = [];
    let page = await guard.list({ projectId }, { limit: 3 });
    seen.push(...page.sessions.map(({ id }) => id));
    await begin(guard, aStart(await guard.addTask(projectId, 'late')));
    while (page.next !== null) {
      page = await guard.list({ projectId }, { limit: 3, after: page.next });
      seen.push(...page.sessions.map(({ id }) => id));
    }
    expect(seen).toHaveLength(7);
    expect(seen).toEqual([...new Set(seen)].toSorted().toReversed());
  });

  test('has no next page after a last page that is full', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    for (const phase of ['plan', 'run', 'verify'] as const) await begin(guard, aStart(taskId, SONNET, { phase }));
    expect(await guard.list({ taskId }, { limit: 3 })).toMatchObject({ next: null });
    expect((await guard.list({ taskId }, { limit: 2 })).next).not.toBeNull();
  });

  test.each([0, -1, 1.5, 201, Number.NaN])('refuses a page limit of %d', async (limit) => {
    await expect(scene.guard.list({}, { limit })).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('the latest session', () => {
  test('of an empty slot is undefined', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    expect(await guard.latest(aStart(taskId))).toBeUndefined();
    expect(await guard.latestMany([taskId])).toEqual([]);
    expect(await guard.latestMany([])).toEqual([]);
  });

  test('is the one of the requested slot, not of another phase or mode', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const run = await begin(guard, aStart(taskId));
    const debug = await begin(guard, aStart(taskId, OPUS, { mode: 'debug' }));
    expect(await guard.latest(aStart(taskId))).toMatchObject({ id: run.id });
    expect(await guard.latest(aStart(taskId, SONNET, { mode: 'debug' }))).toMatchObject({ id: debug.id });
    expect(await guard.latest(aStart(taskId, SONNET, { phase: 'plan' }))).toBeUndefined();
  });
});

test('an unknown session is not found', async () => {
  const { guard } = scene;
  const id = parseSessionId('00000000-0000-7000-8000-000000000000');
  if (id === undefined) throw new Error('not a session id');
  await expect(guard.session(id)).rejects.toMatchObject({ code: 'session_not_found' });
});
