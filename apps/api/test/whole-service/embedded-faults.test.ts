import { join } from 'node:path';
import { ApiProblem } from '@phaselock/contract';
import { ERRORS, type ErrorCode } from '@phaselock/core';
import { openLocalGuard } from '@phaselock/guard';
import { removeEmbeddedPostgres } from '@phaselock/store';
import { eventually, mountSmallDisk, openLogUser, temporaryDirectory } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { fullDiskTest } from '../full-disk-test.ts';
import { adminUrlOn, childrenOf, postmasterOn, type RunningApi, startOnData } from '../shared-data.ts';
import { type Load, putLoadOn } from './load.ts';
import { lostOf, lostTurns } from './lost.ts';

const within = { withinMs: 60_000, everyMs: 20 };
const TASKS = 6;

/** Puts load on one of the processes, on newly created tasks. */
async function loadThrough({ client, url, key }: RunningApi): Promise<Load> {
  const { body: project } = await client.createProject({ body: { name: `project of ${url}` } });
  const taskIds: string[] = [];
  const attemptIds: string[] = [];
  for (let number = 0; number < TASKS; number += 1) {
    const { body: task } = await client.createTask({ body: { projectId: project.id, title: 'a task' } });
    const { body: attempt } = await client.createAttempt({ body: { taskId: task.id, branch: 'attempt/1' } });
    taskIds.push(task.id);
    attemptIds.push(attempt.id);
  }
  return putLoadOn({ url, key, taskIds, attemptIds, clients: TASKS });
}

/** Waits until each of the numbers has grown by this much. */
const allGrow = async (numbers: () => readonly number[], by: number): Promise<void> => {
  const before = numbers();
  await eventually(() => numbers().every((now, at) => now >= (before[at] ?? 0) + by), within);
};

const goesOn = (loads: readonly Load[]): Promise<void> =>
  allGrow(() => loads.map(({ acknowledged }) => acknowledged.length), 30);

const met = (load: Load, code: ErrorCode): number => load.problems.get(code) ?? 0;

/** Expects no response with an unexpected server error, and no broken connection. */
function expectForeseen(loads: readonly Load[]): void {
  const isStatusForeseen = (code: string): boolean =>
    Object.entries(ERRORS).some(
      ([known, { status }]) => known === code && (status < 500 || [503, 507].includes(status)),
    );
  expect(loads.flatMap(({ problems }) => [...problems.keys()]).filter((code) => !isStatusForeseen(code))).toEqual([]);
}

/** Expects everything acknowledged to be in the database, read by a process that had no part in the load. */
async function expectNothingLost(dataDir: string, loads: readonly Load[]): Promise<void> {
  await using guard = await openLocalGuard({ dataDir, invalidation: 'memory' });
  for (const { acknowledged, turns } of loads) {
    expect(await lostOf(guard, acknowledged)).toEqual([]);
    expect(await lostTurns(guard, turns)).toEqual([]);
    expect(turns.length).toBeGreaterThan(0);
  }
}

const ready = (apis: readonly RunningApi[]): Promise<void> =>
  eventually(async () => {
    for (const api of apis) expect(await api.whyNotReady()).toBeNull();
  }, within);

const says = ({ process }: RunningApi, text: string): number =>
  process.lines.filter((line) => line.includes(text)).length;

async function stopInOrder(apis: readonly RunningApi[]): Promise<void> {
  for (const { process } of apis) {
    process.kill('SIGTERM');
    expect(await process.exited).toEqual({ code: 0, signal: null });
  }
}

fullDiskTest(
  'returns 507 and 503 on a full disk under load, serves reads while it can, and recovers once space is freed',
  async () => {
    await using disk = await mountSmallDisk(200);
    const dataDir = join(disk.path, 'data');
    await using one = await startOnData(dataDir);
    await using two = await startOnData(dataDir);
    const apis = [one, two];
    const loads = [await loadThrough(one), await loadThrough(two)];
    await goesOn(loads);

    // The tables cannot grow, but PostgreSQL continues with the remaining space of its write-ahead log.
    await disk.fill();
    await allGrow(() => loads.map((load) => met(load, 'storage_full')), 10);
    const { status } = await one.client.listProjects({});
    expect(status).toBe(200);
    const refused = await two.client.createProject({ body: { name: 'one more' } }).catch((error: unknown) => error);
    if (refused instanceof ApiProblem) expect(refused.problem).toMatchObject({ code: 'storage_full', status: 507 });
    await disk.free();
    await goesOn(loads);

    // Now the write-ahead log has no space either: PostgreSQL panics, cannot recover, and ends.
    await using user = await openLogUser(await adminUrlOn(dataDir));
    await disk.fill();
    await eventually(async () => {
      await user.useLog().catch(() => undefined);
      for (const api of apis) expect(await api.whyNotReady()).toBe('storage-full');
    }, within);
    for (const api of apis) {
      const answer = await api.client.listProjects({}).catch((error: unknown) => error);
      expect(answer).toMatchObject({ problem: { code: 'storage_full', status: 507 } });
      expect((await fetch(`${api.url}/healthz`)).status).toBe(200);
      expect(says(api, 'does not start. The disk with')).toBe(1);
    }
    await disk.free();
    await ready(apis);
    await goesOn(loads);
    for (const load of loads) await load.stop();
    expectForeseen(loads);
    const started = apis.map((api) => says(api, 'started by this process'));
    expect(started.toSorted()).toEqual([0, 1]);
    await expectNothingLost(dataDir, loads);
    await stopInOrder(apis);
  },
  240_000,
);

test('returns 503 while PostgreSQL is killed or frozen under load, restarts it, and loses nothing', async () => {
  await using directory = await temporaryDirectory();
  const dataDir = join(directory.path, 'data');
  await using _data = { [Symbol.asyncDispose]: async () => void (await removeEmbeddedPostgres(dataDir)) };
  await using one = await startOnData(dataDir);
  await using two = await startOnData(dataDir);
  const apis = [one, two];
  const loads = [await loadThrough(one), await loadThrough(two)];
  await goesOn(loads);
  const unavailable = (): number[] => loads.map((load) => met(load, 'backend_unavailable'));

  // Kills the postmaster only; its children notice and end.
  process.kill(await postmasterOn(dataDir), 'SIGKILL');
  await eventually(() => expect(apis.map((api) => says(api, 'runs again after'))).toEqual([1, 1]), within);
  await ready(apis);
  await goesOn(loads);

  // Kills all processes of the server at once.
  const second = await postmasterOn(dataDir);
  for (const pid of [second, ...(await childrenOf(second))]) process.kill(pid, 'SIGKILL');
  await eventually(() => expect(apis.map((api) => says(api, 'runs again after'))).toEqual([2, 2]), within);
  await ready(apis);
  await goesOn(loads);
  expect(apis.map((api) => says(api, 'started by this process')).reduce((sum, times) => sum + times)).toBe(2);

  // Kills one child: PostgreSQL ends the others and recovers by itself.
  const third = await postmasterOn(dataDir);
  const before = await childrenOf(third);
  process.kill(before[0] ?? 0, 'SIGKILL');
  await eventually(async () => expect(await childrenOf(third)).not.toContain(before[0]), within);
  await ready(apis);
  await goesOn(loads);
  expect(await postmasterOn(dataDir)).toBe(third);

  // Freezes the server: its connections stay open, but it does not respond.
  const frozen = [third, ...(await childrenOf(third))];
  for (const pid of frozen) process.kill(pid, 'SIGSTOP');
  await allGrow(unavailable, 1);
  await eventually(async () => {
    for (const api of apis) expect(await api.whyNotReady()).toBe('database');
  }, within);
  for (const pid of frozen) process.kill(pid, 'SIGCONT');
  await ready(apis);
  await goesOn(loads);
  expect(apis.map((api) => says(api, 'ended without being told'))).toEqual([2, 2]);

  for (const load of loads) await load.stop();
  expectForeseen(loads);
  await expectNothingLost(dataDir, loads);
  await stopInOrder(apis);
}, 240_000);
