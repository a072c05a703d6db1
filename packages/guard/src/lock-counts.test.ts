import {
  aStart,
  aTurn,
  begin,
  lockedBy,
  openTestGuard,
  readMetric,
  replaceBy,
  runTurn,
  stopAt,
  type TestGuard,
} from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

/** A server that can be stopped at racepoints, and a session created by another server, so that its counts are zero. */
async function aServer() {
  const stop = stopAt();
  const guard = await scene.another({ ...lockedBy('optimistic'), racepoint: stop.racepoint });
  const taskId = await scene.world.task();
  const attemptId = await scene.world.attempt(taskId);
  return { guard, stop, taskId, attemptId, session: await begin(scene.guard, aStart(taskId)) };
}

const countsOf = async (guard: TestGuard['guard']) => {
  const count = (what: string) => readMetric(guard, `phaselock_lock_${what}_total`, { strategy: 'optimistic' });
  return {
    acquisitions: await count('acquisitions'),
    contention: await count('contention'),
    retries: await count('retries'),
    timeouts: await count('timeouts'),
  };
};

test('a turn that takes no slot lock and decides again counts as a retry', async () => {
  const { guard, stop, attemptId, session } = await aServer();
  const { reached, goOn } = stop.arm('turn:decided');
  const late = guard.startTurn(aTurn(session, attemptId));
  await reached;
  await runTurn(scene.guard, aTurn(session, attemptId), 'of the turn in between');
  goOn();
  expect(await late).toMatchObject({ kind: 'started', seq: 2 });
  expect(await countsOf(guard)).toEqual({ acquisitions: 0, contention: 0, retries: 1, timeouts: 0 });
});

test('a turn whose session was replaced counts as one acquisition, and each further try as a retry', async () => {
  const { guard, stop, taskId, attemptId, session } = await aServer();
  await runTurn(scene.guard, aTurn(session, attemptId), 'of the turn before');
  const { reached, goOn } = stop.arm('turn:decided');
  const late = guard.startTurn(aTurn(session, attemptId, { skipContext: true }));
  await reached;
  await replaceBy(scene.guard, aStart(taskId, 'claude-opus-4-5'));
  goOn();
  expect(await late).toMatchObject({ kind: 'refused' });
  // Four tries at the slot, then one more decision, which finds that the session was replaced.
  expect(await countsOf(guard)).toEqual({ acquisitions: 1, contention: 4, retries: 4, timeouts: 0 });
});
