import { aStart, begin, countQueries, holdLock, openTestGuard, shown, type TestGuard } from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

const NOT_YET = () => false;
const settings = { deadlineMs: 500 };
const OVERDUE = { code: 'backend_unavailable' };

/** Runs an operation until it times out, because the row it needs is locked. */
async function waitInVain(guard: TestGuard['guard']) {
  const session = await begin(scene.guard, aStart(await scene.world.task()));
  await using _holder = await holdLock(scene.databaseUrl, 'select from sessions where id = $1 for update', [
    session.id,
  ]);
  await expect(guard.closeSession({ ...shown(session), how: 'stop' })).rejects.toMatchObject({
    code: 'session_being_modified',
  });
}

test('operations after the deadline of their request send no query', async () => {
  const guard = await scene.another({ settings });
  const taskId = await scene.world.task();
  await guard.inOneTime(NOT_YET, async (time) => {
    await expect(time.bounded(() => new Promise<never>(() => undefined))).rejects.toMatchObject(OVERDUE);
    const { statements } = await countQueries(guard, async () => {
      await expect(guard.task(taskId)).rejects.toMatchObject(OVERDUE);
      await expect(guard.addTask(scene.world.projectId, 'late')).rejects.toMatchObject(OVERDUE);
    });
    expect(statements).toEqual([]);
  });
});

test('outside of a request each operation has a full deadline, also after one that timed out', async () => {
  const guard = await scene.another({ settings });
  const taskId = await scene.world.task();
  await waitInVain(guard);
  expect(await guard.task(taskId)).toMatchObject({ id: taskId });
});

test('once the answer has begun, each operation has a deadline of its own', async () => {
  const guard = await scene.another({ settings });
  const taskId = await scene.world.task();
  let answered = false;
  await guard.inOneTime(
    () => answered,
    async (time) => {
      await expect(time.bounded(() => new Promise<never>(() => undefined))).rejects.toMatchObject(OVERDUE);
      answered = true;
      expect(await guard.task(taskId)).toMatchObject({ id: taskId });
    },
  );
});

test('inOwnTime gives its work a full deadline after the deadline of the request', async () => {
  const guard = await scene.another({ settings });
  const taskId = await scene.world.task();
  await guard.inOneTime(NOT_YET, async (time) => {
    await expect(time.bounded(() => new Promise<never>(() => undefined))).rejects.toMatchObject(OVERDUE);
    await expect(guard.inTimeLeft(() => guard.task(taskId))).rejects.toMatchObject(OVERDUE);
    expect(await guard.inOwnTime(() => guard.task(taskId))).toMatchObject({ id: taskId });
    await expect(guard.inOwnTime(() => new Promise<never>(() => undefined))).rejects.toMatchObject(OVERDUE);
  });
});

test('reads shared by all callers succeed even if the first caller has no time left', async () => {
  const guard = await scene.another({ settings });
  const taskId = await scene.world.task();
  const session = await begin(scene.guard, aStart(taskId));
  await guard.inOneTime(NOT_YET, async (time) => {
    await expect(time.bounded(() => new Promise<never>(() => undefined))).rejects.toMatchObject(OVERDUE);
    // The reads of the API key and of the catalogue are not bound to the deadline of this request.
    expect(await guard.findApiKey('nobody')).toBeUndefined();
    await expect(guard.session(session.id)).rejects.toMatchObject(OVERDUE);
  });
  expect((await countQueries(guard, () => guard.session(session.id))).statements).toHaveLength(1);
});
