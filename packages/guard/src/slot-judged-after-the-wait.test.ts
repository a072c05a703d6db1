import { standingsThat } from '@phaselock/core';
import { recordUsage, reportAgentSession } from '@phaselock/store';
import {
  agentId,
  allSessions,
  aStart,
  aTurn,
  begin,
  callsWaiting,
  confirmed,
  type GuardedSession,
  lockedBy,
  OPUS,
  openTestGuard,
  queueBehind,
  runTurn,
  SONNET_NEXT,
  shown,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const USAGE = { inputTokens: 1_000, outputTokens: 200, turns: 3, costUsdMicros: 12_345 } as const;
const answered = (value: object) => ({ status: 'fulfilled', value });
const refused = (code: string) => ({ status: 'rejected', reason: { code } });

describe.each(['pessimistic', 'optimistic'])('a call that waited for a lock after its decision, %s', (strategy) => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard(lockedBy(strategy));
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  /** A session with a conversation and without a running process. */
  async function inSession() {
    const { guard, world } = scene;
    const taskId = await world.task();
    const session = await begin(guard, aStart(taskId));
    const turn = aTurn(session, await world.attempt(taskId));
    await runTurn(guard, turn, `told ${session.id}`);
    return { taskId, session, turn, keep: aStart(taskId, SONNET_NEXT, { say: { kind: 'keep' } }) };
  }

  const eventsOf = async ({ id }: GuardedSession) => (await scene.guard.events(id)).map(({ type }) => type);

  test('does not keep a session that was deleted meanwhile', async () => {
    const { guard } = scene;
    const { session, keep } = await inSession();
    const remove = () => guard.softDelete({ sessionId: session.id });
    const { behind } = await queueBehind(scene, session, remove, () => guard.start(keep));
    expect(behind).toMatchObject(answered({ kind: 'created', session: { generation: 2 } }));
    expect(await eventsOf(session)).not.toContain('kept');
  });

  test('keeps the session for the turn that began meanwhile as well', async () => {
    const { guard } = scene;
    const { session, turn, keep } = await inSession();
    const { ahead, behind } = await queueBehind(
      scene,
      session,
      () => guard.startTurn(turn),
      () => guard.start(keep),
    );
    expect(behind).toMatchObject(answered({ kind: 'existing', session: { id: session.id } }));
    const id = agentId(`second ${session.id}`);
    await guard.finishTurn({ ...tokenOf(startedOf(ahead)), ending: 'completed', agentSessionId: id });
    const withKept = { ...turn, model: keep.model };
    expect(await guard.startTurn(withKept)).toMatchObject({ passedSessionId: id, reason: 'same-model' });
  });

  test('does not keep the session by a turn if another turn began meanwhile', async () => {
    const { guard } = scene;
    const { session, turn, keep } = await inSession();
    const keeping = () => guard.startTurn({ ...turn, model: keep.model, say: { kind: 'keep' } });
    const { behind } = await queueBehind(scene, session, () => guard.startTurn(turn), keeping);
    expect(behind).toMatchObject(answered({ kind: 'refused', code: 'turn_running' }));
    expect(await guard.session(session.id)).toMatchObject({ identity: session.identity });
    expect(await eventsOf(session)).not.toContain('kept');
  });

  test('replaces the session, and the successor waits for the turn that began meanwhile', async () => {
    const { guard } = scene;
    const { taskId, session, turn } = await inSession();
    const replace = () => guard.start(aStart(taskId, OPUS, confirmed(shown(session))));
    const { ahead, behind } = await queueBehind(scene, session, () => guard.startTurn(turn), replace);
    if (behind.status === 'rejected' || behind.value.kind !== 'replaced') throw new Error('nothing was replaced');
    const first = aTurn(behind.value.session, turn.attemptId);
    expect(await guard.startTurn(first)).toMatchObject({ code: 'predecessor_stopping' });
    await guard.finishTurn({ ...tokenOf(startedOf(ahead)), ending: 'killed' });
    expect(await guard.startTurn(first)).toMatchObject({ kind: 'started', reason: 'first' });
  });

  test('does not begin a fresh conversation if another turn began meanwhile', async () => {
    const { guard } = scene;
    const { taskId, session, turn } = await inSession();
    const fresh = () => guard.startTurn({ ...turn, skipContext: true });
    const { ahead, behind } = await queueBehind(scene, session, () => guard.startTurn(turn), fresh);
    expect(behind).toMatchObject(answered({ kind: 'refused' }));
    expect(await allSessions(guard, taskId)).toMatchObject([{ id: session.id, status: 'running', deletedAt: null }]);
    expect(await guard.heartbeat(tokenOf(startedOf(ahead)))).toMatchObject({ kind: 'continue' });
  });

  test('does not delete a session whose version has changed meanwhile', async () => {
    const { guard } = scene;
    const { session, turn } = await inSession();
    const { version: seenVersion } = await guard.session(session.id);
    const remove = () => guard.softDelete({ sessionId: session.id, seenVersion });
    const { behind } = await queueBehind(scene, session, () => guard.startTurn(turn), remove);
    expect(behind).toMatchObject(refused('version_mismatch'));
    expect(await guard.session(session.id)).toMatchObject({ status: 'running', deletedAt: null });
  });

  test('is refused with its usage if another session reported the same id meanwhile', async () => {
    const { guard } = scene;
    const [one, other] = [await inSession(), await inSession()];
    const [first, second] = [
      tokenOf(startedOf(await guard.startTurn(one.turn))),
      tokenOf(startedOf(await guard.startTurn(other.turn))),
    ];
    const id = agentId(`both ${one.session.id}`);
    const earlier = guard.database.transaction();
    expect(await reportAgentSession(earlier, first, id, standingsThat('conversation', 'taken'))).toMatchObject({
      outcome: 'reported',
    });
    const finish = { ...second, ending: 'completed', agentSessionId: id, usage: USAGE } as const;
    const behind = Promise.allSettled([guard.finishTurn(finish)]);
    await callsWaiting(scene, 1);
    await earlier.commit();
    expect(await behind).toMatchObject([refused('agent_session_taken')]);
    expect(await guard.session(other.session.id)).toMatchObject({ status: 'running', usage: { inputTokens: 0 } });
    await guard.finishTurn({ ...second, ending: 'completed', usage: USAGE });
    expect(await guard.session(other.session.id)).toMatchObject({ status: 'ready', usage: USAGE });
  });

  test('books only the usage beyond what was booked meanwhile', async () => {
    const { guard } = scene;
    const { session, turn } = await inSession();
    const token = tokenOf(startedOf(await guard.startTurn(turn)));
    const earlier = guard.database.transaction();
    await recordUsage(earlier, token, USAGE, standingsThat('usage', 'taken'));
    const behind = guard.recordUsage(token, { ...USAGE, turns: 1, outputTokens: 300 });
    await callsWaiting(scene, 1);
    await earlier.commit();
    await behind;
    expect((await guard.session(session.id)).usage).toEqual({ ...USAGE, outputTokens: 300 });
  });
});
