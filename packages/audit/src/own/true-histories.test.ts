import {
  agentId,
  aStart,
  aTurn,
  begin,
  lapseLease,
  openTestGuard,
  runTurn,
  SONNET,
  SONNET_NEXT,
  shown,
  startedOf,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { writeAsBefore } from '../../test/random-history/write-as-before.ts';
import { rewriteHistory } from '../../test/rewrite-history.ts';
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

test('a session outside the guard ran beside a deleted one before the guard took it in', async () => {
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

test('a retry resumes an id that its process reported before another one', async () => {
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  const [earlier, later] = [agentId(`earlier-${taskId}`), agentId(`later-${taskId}`)];
  const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  await guard.reportAgentSession(tokenOf(turn), earlier);
  await guard.finishTurn({ ...tokenOf(turn), ending: 'completed', agentSessionId: later });
  await runTurn(guard, aTurn(session, attemptId), `after-${taskId}`);
  const retried = startedOf(await guard.startTurn(aTurn(session, attemptId, { preRetryId: earlier })));
  expect(retried).toMatchObject({ session: { sessionId: session.id }, passedSessionId: earlier, reason: 'same-model' });
  expect(await heard()).toEqual([]);
  await guard.finishTurn({ ...tokenOf(retried), ending: 'failed' });
  await runTurn(guard, aTurn(session, attemptId), `again-${taskId}`);
  expect(await heard()).toEqual([]);
});

test('a retry resumes such an id in a later session of the slot', async () => {
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  const earlier = agentId(`earlier-${taskId}`);
  const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  await guard.reportAgentSession(tokenOf(turn), earlier);
  await guard.finishTurn({ ...tokenOf(turn), ending: 'completed', agentSessionId: agentId(`later-${taskId}`) });
  await guard.softDelete({ sessionId: session.id });
  const next = await begin(guard, aStart(taskId));
  await runTurn(guard, aTurn(next, attemptId, { preRetryId: earlier }), earlier);
  expect(await heard()).toEqual([]);
});

test('a retry took back a process that had resumed an id past a process without one', async () => {
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  await runTurn(guard, aTurn(session, attemptId), `first-${taskId}`);
  await runTurn(guard, aTurn(session, attemptId), `second-${taskId}`);
  const silent = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  await guard.finishTurn({ ...tokenOf(silent), ending: 'failed' });
  const resumed = await runTurn(guard, aTurn(session, attemptId), `third-${taskId}`);
  expect(resumed.passedSessionId).toBe(`second-${taskId}`);
  await runTurn(guard, aTurn(session, attemptId, { preRetryId: agentId(`first-${taskId}`) }), `fourth-${taskId}`);
  expect(await heard()).toEqual([]);
});

test('agents lost conversations, of their own session and of an earlier one, as they ended', async () => {
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  await runTurn(guard, aTurn(session, attemptId), `lost-${taskId}`);
  const resumed = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  await guard.finishTurn({ ...tokenOf(resumed), ending: 'failed', lostAgentSession: true });
  const fresh = await runTurn(guard, aTurn(session, attemptId), `fresh-${taskId}`);
  const { session: blank } = await runTurn(
    guard,
    { ...fresh.session, attemptId, skipContext: true },
    `blank-${taskId}`,
  );
  const retry = { preRetryId: agentId(`fresh-${taskId}`), onModelChange: 'replace' } as const;
  const takenUp = startedOf(await guard.startTurn({ ...blank, attemptId, ...retry }));
  expect(takenUp.passedSessionId).toBe(`fresh-${taskId}`);
  await guard.finishTurn({ ...tokenOf(takenUp), ending: 'failed', lostAgentSession: true });
  await runTurn(guard, { ...takenUp.session, attemptId }, `after-${taskId}`);
  const { rows } = await guard.database.pool.pg.query<{ lost: number }>(
    'select count(*) as lost from processes where task_id = $1 and invalidated',
    [taskId],
  );
  expect(rows).toEqual([{ lost: 3 }]);
  expect(await heard()).toEqual([]);
});

test('a session was closed, taken up again and closed again, and kept before its first process', async () => {
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  await guard.closeSession({ ...shown(session), how: 'complete' });
  await runTurn(guard, aTurn(session, attemptId), `reopened-${taskId}`);
  await guard.closeSession({ ...shown(session), how: 'stop' });
  const unused = await begin(guard, aStart(taskId, SONNET, { phase: 'plan' }));
  const next = { model: { agent: 'claude-code', model: SONNET_NEXT }, say: { kind: 'keep' } } as const;
  await runTurn(guard, aTurn(unused, attemptId, next), `kept-${taskId}`);
  expect(await heard()).toEqual([]);
});

test('an older release let a lost process report another id after the next process had resumed the first', async () => {
  const { guard, world } = home;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  const lost = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  await guard.reportAgentSession(tokenOf(lost), agentId(`first-${taskId}`));
  await lapseLease(home, session);
  const next = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  expect(next.passedSessionId).toBe(`first-${taskId}`);
  await guard.finishTurn({ ...tokenOf(lost), ending: 'completed' });
  await guard.finishTurn({ ...tokenOf(next), ending: 'completed', agentSessionId: agentId(`next-${taskId}`) });
  await writeAsBefore(home.databaseUrl);
  await rewriteHistory(home.databaseUrl, [
    `update processes p set agent_session_id = 'late-${taskId}', ended_at = e.at from session_events e
     where p.id = '${lost.processId}' and e.type = 'turn-finished' and e.detail ->> 'process_id' = p.id::text`,
  ]);
  // Both agents were at work, so the overlap is reported, but not that the second process was passed a wrong id.
  expect(await heard()).toEqual([
    expect.stringContaining('SV107 an earlier process reported an id after this one had started'),
    expect.stringContaining('SV208'),
  ]);
});
