import {
  aStart,
  aTurn,
  begin,
  callsWaiting,
  confirmed,
  holdLock,
  holdSlot,
  lockedBy,
  OPUS,
  openTestGuard,
  readMetric,
  shown,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** A session whose first turn may begin. */
async function inSession() {
  const taskId = await scene.world.task();
  const attemptId = await scene.world.attempt(taskId);
  return { taskId, attemptId, session: await begin(scene.guard, aStart(taskId)) };
}

const settings = { deadlineMs: 800 };
const BEING_MODIFIED = { code: 'session_being_modified', retryable: true };

describe.each(['pessimistic', 'optimistic', 'redis'])('a call that times out on a locked slot, %s', (strategy) => {
  test('fails with session_being_modified, for a start and for a turn that replaces the session', async () => {
    const guard = await scene.another({ ...lockedBy(strategy), settings });
    const { taskId, attemptId, session } = await inSession();
    await using _holder = await holdSlot(scene.databaseUrl, aStart(taskId));
    const replacing = aStart(taskId, OPUS, confirmed(shown(session)));
    await expect(guard.start(replacing)).rejects.toMatchObject(BEING_MODIFIED);
    const fresh = aTurn(session, attemptId, { skipContext: true, model: replacing.model, onModelChange: 'replace' });
    await expect(guard.startTurn(fresh)).rejects.toMatchObject(BEING_MODIFIED);
    expect(await readMetric(guard, 'phaselock_lock_timeouts_total', { strategy })).toBe(2);
  });
});

test('a deletion that times out on a locked slot fails with session_being_modified', async () => {
  const guard = await scene.another({ settings });
  const { taskId, session } = await inSession();
  await using _holder = await holdSlot(scene.databaseUrl, aStart(taskId));
  await expect(guard.softDelete({ sessionId: session.id })).rejects.toMatchObject(BEING_MODIFIED);
});

test('a turn that times out on the locked row of its session fails with session_being_modified', async () => {
  const guard = await scene.another({ settings });
  const { attemptId, session } = await inSession();
  await using _holder = await holdLock(scene.databaseUrl, 'select from sessions where id = $1 for update', [
    session.id,
  ]);
  await expect(guard.startTurn(aTurn(session, attemptId))).rejects.toMatchObject(BEING_MODIFIED);
});

test('a start that gets no connection fails with backend_unavailable, counted by the pool', async () => {
  const guard = await scene.another({ settings, maxSize: 1 });
  const taskId = await scene.world.task();
  const client = await guard.database.pool.acquire();
  try {
    await expect(guard.start(aStart(taskId))).rejects.toMatchObject({ code: 'backend_unavailable' });
    expect(await readMetric(guard, 'phaselock_pool_connection_failures_total')).toBe(1);
  } finally {
    client.release();
  }
});

test('an export that times out on the catalogue fails with backend_unavailable', async () => {
  const guard = await scene.another({ settings });
  const { session } = await inSession();
  await using _holder = await holdLock(scene.databaseUrl, 'lock table models in access exclusive mode');
  await expect(guard.exportSession(session.id).next()).rejects.toMatchObject({ code: 'backend_unavailable' });
});

test('calls that time out on one locked row write nothing after their answers', async () => {
  const server = await scene.another({ settings: { deadlineMs: 1_000 } });
  const { session } = await inSession();
  const before = await server.session(session.id);
  await using holder = await holdLock(scene.databaseUrl, 'select from sessions where id = $1 for update', [session.id]);
  const stop = () => server.closeSession({ ...shown(session), how: 'stop' });
  const answers = await Promise.allSettled([stop(), stop(), stop()]);
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  await callsWaiting(scene, 0);
  await holder.letGo();
  expect(await server.session(session.id)).toEqual(before);
});
