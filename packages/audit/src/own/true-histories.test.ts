import { aStart, aTurn, begin, openTestGuard, runTurn, SONNET, startedOf, tokenOf } from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { auditOwnDatabase } from '../audit-own-database.ts';

let home: Awaited<ReturnType<typeof openTestGuard>>;
beforeAll(async () => {
  home = await openTestGuard();
});
afterAll(() => home[Symbol.asyncDispose]());

async function heard(): Promise<string[]> {
  const { findings } = await auditOwnDatabase(home.databaseUrl, { chain: true });
  return findings.filter(({ severity }) => severity !== 'info').map(({ rule, message }) => `${rule} ${message}`);
}

const outside = { guarded: false } as const;

test('a process ran beside one of a deleted session, in a session outside the guard that the guard took in later', async () => {
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const deleted = await begin(guard, aStart(taskId, SONNET, outside));
  const atWork = startedOf(await guard.startTurn(aTurn(deleted, attemptId)));
  const beside = await begin(guard, aStart(taskId, SONNET, outside));
  await guard.softDelete({ sessionId: deleted.id });
  await runTurn(guard, aTurn(beside, attemptId), `beside-${taskId}`);
  await begin(guard, aStart(taskId));
  expect(await guard.session(beside.id)).toMatchObject({ guarded: true });
  expect(await heard()).toEqual([]);
  await guard.finishTurn({ ...tokenOf(atWork), ending: 'killed' });
  expect(await heard()).toEqual([]);
});
