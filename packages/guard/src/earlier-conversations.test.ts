import { standingsThat } from '@phaselock/core';
import { reportAgentSession } from '@phaselock/store';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  callsWaiting,
  checkHistory,
  OPUS,
  openTestGuard,
  runTurn,
  SONNET,
  startedOf,
  stopAt,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const stop = stopAt();
let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard({ racepoint: stop.racepoint });
});
afterAll(() => scene[Symbol.asyncDispose]());

const model = (name: string) => ({ model: { agent: 'claude-code', model: name } }) as const;
const KEEP = { say: { kind: 'keep' } } as const;
const TAKEN = { code: 'agent_session_taken' } as const;
const REFUSED = { kind: 'refused', ...TAKEN } as const;

async function inSession(more: Parameters<typeof aStart>[2] = {}) {
  const { guard, world } = scene;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId, SONNET, more));
  const turn = (given: Partial<Parameters<TestGuard['guard']['startTurn']>[0]> = {}) =>
    guard.startTurn(aTurn(session, attemptId, given));
  return { taskId, attemptId, session, turn };
}

/** A session whose only process reported first `earlier` and then `present`. */
async function reportedTwice(last: 'report' | 'finish' = 'report') {
  const { guard } = scene;
  const was = await inSession();
  const [earlier, present] = [agentId(`earlier ${was.taskId}`), agentId(`present ${was.taskId}`)];
  const token = tokenOf(startedOf(await was.turn()));
  await guard.reportAgentSession(token, earlier);
  if (last === 'report') await guard.reportAgentSession(token, present);
  await guard.finishTurn({ ...token, ending: 'completed', ...(last === 'finish' && { agentSessionId: present }) });
  return { ...was, earlier, present };
}

const rowsOf = async (sessionId: string) =>
  (
    await scene.guard.database.pool.pg.query<{ agent_session_id: string }>(
      'select agent_session_id from earlier_conversations where session_id = $1 order by 1',
      [sessionId],
    )
  ).rows.map((row) => row.agent_session_id);

describe('an id that a process reported before its present one', () => {
  test('is stored when it is overwritten, and the only id of a process is not', async () => {
    for (const last of ['report', 'finish'] as const) {
      const { session, earlier } = await reportedTwice(last);
      expect(await rowsOf(session.id)).toEqual([earlier]);
    }
    const { session, turn } = await inSession();
    const token = tokenOf(startedOf(await turn()));
    const only = agentId(`only ${session.id}`);
    await scene.guard.reportAgentSession(token, only);
    await scene.guard.reportAgentSession(token, only);
    await scene.guard.finishTurn({ ...token, ending: 'completed', agentSessionId: only });
    expect(await rowsOf(session.id)).toEqual([]);
  });

  describe.each(['report', 'finish'] as const)('with a %s', (last) => {
    test('cannot be resumed by a session of another slot or task, whatever it says', async () => {
      const { guard } = scene;
      const { taskId, attemptId, earlier } = await reportedTwice(last);
      const plan = await begin(guard, aStart(taskId, OPUS, { phase: 'plan' }));
      const other = await inSession();
      for (const more of [{}, KEEP, { onModelChange: 'replace' }] as const) {
        expect(await guard.startTurn(aTurn(plan, attemptId, { preRetryId: earlier, ...more }))).toMatchObject(REFUSED);
        expect(await other.turn({ preRetryId: earlier, ...more })).toMatchObject(REFUSED);
      }
    });

    test('cannot be reported by another session', async () => {
      const { guard } = scene;
      const { earlier } = await reportedTwice(last);
      const other = await inSession();
      const token = tokenOf(startedOf(await other.turn()));
      await expect(guard.reportAgentSession(token, earlier)).rejects.toMatchObject(TAKEN);
      const finish = { ...token, ending: 'completed', agentSessionId: earlier } as const;
      await expect(guard.finishTurn(finish)).rejects.toMatchObject(TAKEN);
      expect(await guard.session(other.session.id)).toMatchObject({ status: 'running', agentSessionId: null });
    });
  });

  test('may be reported again by its own session, also by a later process', async () => {
    const { guard } = scene;
    const { session, turn, earlier, present } = await reportedTwice();
    const token = tokenOf(startedOf(await turn()));
    for (const id of [earlier, present, earlier]) await guard.reportAgentSession(token, id);
    await guard.finishTurn({ ...token, ending: 'completed' });
    expect(await guard.session(session.id)).toMatchObject({ agentSessionId: earlier });
    expect(startedOf(await turn())).toMatchObject({ passedSessionId: earlier });
  });
});

describe('a retry in the same session that names such an id', () => {
  test('resumes it with the model that made it, and drops the later turns', async () => {
    const { guard } = scene;
    const { session, attemptId, turn, earlier } = await reportedTwice();
    await runTurn(guard, aTurn(session, attemptId), `later ${session.id}`);
    const retried = startedOf(await turn({ preRetryId: earlier }));
    expect(retried).toMatchObject({
      session: { sessionId: session.id },
      action: 'CodingAgentFollowUpRequest',
      passedSessionId: earlier,
      reason: 'same-model',
      replaced: null,
    });
    expect((await guard.processes(session.id)).map(({ dropped }) => dropped)).toEqual([false, true, false]);
  });

  test('asks before another model, which cannot keep it, and begins afresh when confirmed', async () => {
    const { turn, earlier, session } = await reportedTwice();
    for (const more of [{}, KEEP])
      expect(await turn({ preRetryId: earlier, ...model(OPUS), ...more })).toMatchObject({
        kind: 'ask',
        question: 'replace',
        reasons: [{ field: 'family' }],
      });
    const fresh = startedOf(await turn({ preRetryId: earlier, ...model(OPUS), onModelChange: 'replace' }));
    expect(fresh).toMatchObject({ action: 'CodingAgentInitialRequest', passedSessionId: null });
    expect(fresh.replaced).toMatchObject({ sessionId: session.id });
  });

  test('begins afresh when the agent no longer knows it, and its present id stays resumable', async () => {
    const { guard } = scene;
    const { turn, earlier, present } = await reportedTwice();
    const lost = startedOf(await turn({ preRetryId: earlier }));
    await guard.finishTurn({ ...tokenOf(lost), ending: 'failed', lostAgentSession: true });
    const next = startedOf(await turn());
    expect(next).toMatchObject({ passedSessionId: present });
    await guard.finishTurn({ ...tokenOf(next), ending: 'completed', agentSessionId: present });
    expect(startedOf(await turn({ preRetryId: earlier }))).toMatchObject({
      passedSessionId: null,
      reason: 'session-invalid',
    });
  });
});

describe('after the session was replaced for another model, a retry that names such an id', () => {
  async function replaced() {
    const was = await reportedTwice();
    const opus = startedOf(await was.turn({ ...model(OPUS), onModelChange: 'replace' }));
    await scene.guard.finishTurn({
      ...tokenOf(opus),
      ending: 'completed',
      agentSessionId: agentId(`opus ${was.taskId}`),
    });
    const retry = (more: object) =>
      scene.guard.startTurn({ ...opus.session, attemptId: was.attemptId, preRetryId: was.earlier, ...more });
    return { ...was, current: opus.session, retry };
  }

  test('is compared with the model of the session that left', async () => {
    const { retry, current } = await replaced();
    for (const more of [{}, KEEP]) expect(await retry(more)).toMatchObject({ kind: 'ask', question: 'replace' });
    expect(startedOf(await retry({ onModelChange: 'replace' }))).toMatchObject({
      action: 'CodingAgentInitialRequest',
      passedSessionId: null,
      replaced: current,
    });
  });

  test('resumes it with the model that made it, in a session that continues its conversation', async () => {
    const { guard } = scene;
    const { retry, session, current, earlier } = await replaced();
    const retried = startedOf(await retry({ ...model(SONNET), onModelChange: 'replace' }));
    expect(retried).toMatchObject({ passedSessionId: earlier, replaced: current });
    await guard.finishTurn({ ...tokenOf(retried), ending: 'completed', agentSessionId: earlier });
    const { rows } = await guard.database.pool.pg.query('select conversation_of from sessions where id = $1', [
      retried.session.sessionId,
    ]);
    expect(rows).toEqual([{ conversation_of: session.id }]);
  });
});

describe('two sessions that claim such an id at the same time', () => {
  const claiming = async () => {
    const was = await inSession();
    return { ...was, token: tokenOf(startedOf(await was.turn())) };
  };

  test('by a report: the later one is refused, although the first has reported another id since', async () => {
    const { guard } = scene;
    const [one, other] = [await claiming(), await claiming()];
    const id = agentId(`both ${one.taskId}`);
    const taken = standingsThat('conversation', 'taken');
    const first = guard.database.transaction();
    for (const told of [id, agentId(`since ${one.taskId}`)])
      expect(await reportAgentSession(first, one.token, told, taken)).toMatchObject({ outcome: 'reported' });
    const behind = Promise.allSettled([guard.reportAgentSession(other.token, id)]);
    await callsWaiting(scene, 1);
    await first.commit();
    expect(await behind).toMatchObject([{ status: 'rejected', reason: TAKEN }]);
  });

  test.each([
    ['and another id since', 'same process'],
    ['and its next process another id since', 'next process'],
  ])('by a retry that was decided before the other session reported it %s: the retry is refused', async (_, how) => {
    const { guard } = scene;
    const [one, other] = [await claiming(), await inSession()];
    const id = agentId(`never seen ${one.taskId}`);
    const { reached, goOn } = stop.arm('turn:decided');
    const retried = Promise.allSettled([other.turn({ preRetryId: id, ...KEEP })]);
    await reached;
    await guard.reportAgentSession(one.token, id);
    if (how === 'same process') await guard.reportAgentSession(one.token, agentId(`since ${one.taskId}`));
    else {
      await guard.finishTurn({ ...one.token, ending: 'completed' });
      await runTurn(guard, aTurn(one.session, one.attemptId), `since ${one.taskId}`);
    }
    goOn();
    expect(await retried).toMatchObject([{ status: 'rejected', reason: TAKEN }]);
    expect(await guard.session(other.session.id)).toMatchObject({ status: 'ready' });
  });

  test('by a report after a retry took it up: the report is refused', async () => {
    const { guard } = scene;
    const [one, other] = [await claiming(), await inSession()];
    const id = agentId(`taken up ${one.taskId}`);
    expect(await other.turn({ preRetryId: id, ...KEEP })).toMatchObject({ kind: 'started', passedSessionId: id });
    await expect(guard.reportAgentSession(one.token, id)).rejects.toMatchObject(TAKEN);
  });
});

test('histories with such ids have no violations', async () => {
  expect(await checkHistory(scene.guard.database, [])).toEqual([]);
});
