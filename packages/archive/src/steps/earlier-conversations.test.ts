import { agentId, aStart, aTurn, begin, startedOf, tokenOf } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { openTestArchive } from '../../test/open-test-archive.ts';
import { runSteps } from './run-steps.ts';

test('the earlier ids of a session are purged with it, and its conversations are free again', async () => {
  await using archive = await openTestArchive();
  const { guard, world } = archive.home;
  const rows = async () => (await guard.database.pool.pg.query('select from earlier_conversations')).rowCount;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  const token = tokenOf(startedOf(await guard.startTurn(aTurn(session, attemptId))));
  const [earlier, present] = [agentId('earlier'), agentId('present')];
  for (const id of [earlier, present]) await guard.reportAgentSession(token, id);
  await guard.finishTurn({ ...token, ending: 'completed' });
  const other = await begin(guard, aStart(taskId, undefined, { phase: 'verify' }));
  const take = (preRetryId: typeof earlier) =>
    guard.startTurn(aTurn(other, attemptId, { preRetryId, say: { kind: 'keep' } }));

  // A deleted session of another slot keeps its conversations until it is purged.
  await guard.softDelete({ sessionId: session.id });
  for (const id of [earlier, present])
    expect(await take(id)).toMatchObject({ kind: 'refused', code: 'agent_session_taken' });
  expect(await rows()).toBe(1);

  expect(await runSteps(archive.ctx)).toMatchObject({ archived: 1, purged: 1, failed: 0 });
  expect(await rows()).toBe(0);
  expect(await take(earlier)).toMatchObject({ kind: 'started', passedSessionId: earlier });
});
