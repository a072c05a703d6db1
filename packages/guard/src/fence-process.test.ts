import {
  agentId,
  aStart,
  aTurn,
  begin,
  type GuardedSession,
  lapseLease,
  OPUS,
  openTestGuard,
  readMetric,
  replaceBy,
  runTurn,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TurnToken } from './running-turn.ts';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

const USAGE = { inputTokens: 1_000, outputTokens: 200, turns: 3, costUsdMicros: 12_345 } as const;
const STALE = { code: 'stale_process' };

/** A session whose agent runs and has told its id, with all that its runner knows. */
async function running() {
  const { guard, world } = scene;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  const told = agentId(`told ${session.id}`);
  const zombie = agentId(`zombie ${session.id}`);
  const token = tokenOf(startedOf(await guard.startTurn(aTurn(session, attemptId))));
  await guard.reportAgentSession(token, told);
  return { taskId, session, token, told, zombie, turn: aTurn(session, attemptId) };
}

/** A process that was lost, and the one that went on with its conversation. */
async function superseded() {
  const was = await running();
  await lapseLease(scene, was.session);
  const next = startedOf(await scene.guard.startTurn(was.turn));
  expect(next).toMatchObject({ passedSessionId: was.told, reason: 'same-model', seq: 2 });
  return { ...was, next: tokenOf(next) };
}

const say = (token: TurnToken, line: string) => scene.guard.appendLogs(token, [{ kind: 'stdout', line }]);
const logsOf = async ({ id }: GuardedSession) => (await scene.guard.logs(id, { limit: 100 })).items;

describe('a lost process whose successor has begun', () => {
  let was: Awaited<ReturnType<typeof superseded>>;
  beforeEach(async () => {
    was = await superseded();
  });

  test('writes no logs; reading them shows whose each line is', async () => {
    const { session, token, next } = was;
    await say(next, 'of the second');
    await expect(say(token, 'too late')).rejects.toMatchObject(STALE);
    expect(await logsOf(session)).toMatchObject([{ process_id: next.processId, line: 'of the second' }]);
    expect(await readMetric(scene.guard, 'phaselock_fenced_writes_total', { operation: 'logs' })).toBeGreaterThan(0);
  });

  test('tells no id: not a new one, and each time it tries', async () => {
    const { session, token, told, zombie } = was;
    for (const _ of ['first', 'again'])
      await expect(scene.guard.reportAgentSession(token, zombie)).rejects.toMatchObject(STALE);
    expect(await scene.guard.session(session.id)).toMatchObject({ agentSessionId: told, status: 'running' });
  });

  test('tells its usage only with its ending', async () => {
    const { session, token } = was;
    await expect(scene.guard.recordUsage(token, USAGE)).rejects.toMatchObject(STALE);
    expect((await scene.guard.session(session.id)).usage.inputTokens).toBe(0);
    await scene.guard.finishTurn({ ...token, ending: 'failed', usage: USAGE });
    expect((await scene.guard.session(session.id)).usage).toEqual(USAGE);
  });

  test('does not end with an id: nothing of that call is taken, each time it tries', async () => {
    const { session, token, zombie } = was;
    const finish = { ...token, ending: 'completed', agentSessionId: zombie, usage: USAGE } as const;
    const before = await scene.guard.session(session.id);
    for (const _ of ['first', 'again']) await expect(scene.guard.finishTurn(finish)).rejects.toMatchObject(STALE);
    expect(await scene.guard.session(session.id)).toEqual(before);
    expect(await scene.guard.processes(session.id)).toMatchObject([{ status: 'lost' }, { status: 'running' }]);
  });

  test('does not end the conversation that its successor goes on with', async () => {
    const { session, told, next, turn } = was;
    const { guard } = scene;
    await guard.finishTurn({ ...next, ending: 'completed' });
    const third = startedOf(await guard.startTurn(turn));
    expect(third).toMatchObject({ passedSessionId: told });
    await lapseLease(scene, session);
    const fourth = tokenOf(startedOf(await guard.startTurn(turn)));
    const lost = { ...tokenOf(third), ending: 'failed', lostAgentSession: true } as const;
    await expect(guard.finishTurn(lost)).rejects.toMatchObject(STALE);
    await guard.finishTurn({ ...fourth, ending: 'completed' });
    expect(await guard.startTurn(turn)).toMatchObject({ passedSessionId: told, reason: 'same-model' });
  });

  test('may say how it ended, twice, and repeat the id that was taken in time', async () => {
    const { session, token, told } = was;
    const finish = { ...token, ending: 'completed', exitCode: 0, agentSessionId: told } as const;
    const first = await scene.guard.finishTurn(finish);
    expect(await scene.guard.finishTurn(finish)).toEqual(first);
    expect(await scene.guard.processes(session.id)).toMatchObject([{ status: 'completed' }, { status: 'running' }]);
  });

  test('and said how it ended still tells nothing else', async () => {
    const { session, token, told, zombie } = was;
    await scene.guard.finishTurn({ ...token, ending: 'completed' });
    await expect(say(token, 'too late')).rejects.toMatchObject(STALE);
    await expect(scene.guard.reportAgentSession(token, zombie)).rejects.toMatchObject(STALE);
    await expect(
      scene.guard.finishTurn({ ...token, ending: 'completed', agentSessionId: zombie }),
    ).rejects.toMatchObject(STALE);
    expect(await scene.guard.session(session.id)).toMatchObject({ agentSessionId: told, status: 'running' });
    expect(await logsOf(session)).toEqual([]);
  });

  test('does not lead the next turn astray: that follows what its successor told', async () => {
    const { token, zombie, next, turn } = was;
    const { guard } = scene;
    const branch = agentId(`branch ${zombie}`);
    await guard.finishTurn({ ...next, ending: 'completed', agentSessionId: branch });
    await expect(guard.finishTurn({ ...token, ending: 'completed', agentSessionId: zombie })).rejects.toMatchObject(
      STALE,
    );
    await guard.finishTurn({ ...token, ending: 'completed' });
    expect(await guard.startTurn(turn)).toMatchObject({ passedSessionId: branch, reason: 'same-model', seq: 3 });
  });

  test('gets the same answer to a keyed append that was taken in time, and adds no line', async () => {
    const { guard } = scene;
    const { session, token, turn } = await running();
    const idempotencyKey = { scope: 'a client', key: session.id, fingerprint: 'one line' };
    const append = () => guard.appendLogs(token, [{ kind: 'stdout', line: 'in time' }], { idempotencyKey });
    await append();
    await lapseLease(scene, session);
    await guard.startTurn(turn);
    await append();
    expect(await logsOf(session)).toMatchObject([{ process_id: token.processId, line: 'in time' }]);
  });
});

test('a process that ended tells its last lines until the next turn begins', async () => {
  const { guard } = scene;
  const { session, token, turn } = await running();
  await guard.finishTurn({ ...token, ending: 'completed' });
  await say(token, 'after the ending');
  await guard.recordUsage(token, USAGE);
  const next = tokenOf(startedOf(await guard.startTurn(turn)));
  await expect(say(token, 'after the next has begun')).rejects.toMatchObject(STALE);
  await say(next, 'of the next');
  expect(await logsOf(session)).toMatchObject([
    { process_id: token.processId, line: 'after the ending' },
    { process_id: next.processId, line: 'of the next' },
  ]);
});

describe('a process that was found lost, and nothing has begun after it', () => {
  async function lost() {
    const was = await running();
    await lapseLease(scene, was.session);
    await scene.guard.sweepLapsed();
    expect(await scene.guard.processes(was.session.id)).toMatchObject([{ status: 'lost' }]);
    return was;
  }

  test('takes up no lease and tells no id', async () => {
    const { session, token, told, zombie } = await lost();
    expect(await scene.guard.heartbeat(token)).toMatchObject({ kind: 'stop', why: 'not-running' });
    await expect(scene.guard.reportAgentSession(token, zombie)).rejects.toMatchObject(STALE);
    const finish = { ...token, ending: 'completed', agentSessionId: zombie } as const;
    await expect(scene.guard.finishTurn(finish)).rejects.toMatchObject(STALE);
    expect(await scene.guard.session(session.id)).toMatchObject({ status: 'ready', agentSessionId: told });
  });

  test('tells its last lines until the next turn begins', async () => {
    const { session, token, turn } = await lost();
    await say(token, 'in time');
    await scene.guard.startTurn(turn);
    await expect(say(token, 'too late')).rejects.toMatchObject(STALE);
    expect(await logsOf(session)).toMatchObject([{ process_id: token.processId, line: 'in time' }]);
  });

  test('tells its usage and how it ended; it ended when its lease did', async () => {
    const { guard } = scene;
    const { session, token, told, turn } = await lost();
    const [before] = await guard.processes(session.id);
    await guard.recordUsage(token, USAGE);
    await guard.finishTurn({ ...token, ending: 'completed', usage: { ...USAGE, turns: 4 } });
    expect((await guard.session(session.id)).usage).toEqual({ ...USAGE, turns: 4 });
    expect(await guard.processes(session.id)).toMatchObject([{ status: 'completed', ended_at: before?.ended_at }]);
    expect(await guard.startTurn(turn)).toMatchObject({ passedSessionId: told, reason: 'same-model' });
  });
});

describe('a process of a session that was replaced', () => {
  test('tells usage and its ending; what it says of its conversation is passed over', async () => {
    const { guard } = scene;
    const { taskId, session, token: first, told, zombie, turn } = await running();
    await guard.finishTurn({ ...first, ending: 'completed' });
    const second = startedOf(await guard.startTurn(turn));
    expect(second).toMatchObject({ passedSessionId: told });
    const token = tokenOf(second);
    const successor = await replaceBy(guard, aStart(taskId, OPUS));
    await guard.recordUsage(token, USAGE);
    const finish = { ...token, ending: 'killed', agentSessionId: zombie, lostAgentSession: true } as const;
    for (const _ of ['first', 'again'])
      expect(await guard.finishTurn(finish)).toMatchObject({ kind: 'finished', replaced: true });
    const after = { agentSessionId: told, usage: USAGE, status: 'stopped', leaseExpiresAt: null };
    expect(await guard.session(session.id)).toMatchObject(after);
    expect(await guard.processes(session.id)).toMatchObject([
      { agent_session_id: told, invalidated: false },
      { agent_session_id: null, status: 'killed' },
    ]);
    const turnAfter = await runTurn(guard, aTurn(successor, turn.attemptId), `of the successor ${successor.id}`);
    expect(turnAfter).toMatchObject({ reason: 'first', passedSessionId: null });
  });

  test('and was lost in it before tells how it ended and what it used, no more', async () => {
    const { guard } = scene;
    const { taskId, session, token, next, told, zombie } = await superseded();
    const successor = await replaceBy(guard, aStart(taskId, OPUS));
    await expect(say(token, 'too late')).rejects.toMatchObject(STALE);
    await expect(guard.reportAgentSession(token, zombie)).rejects.toMatchObject(STALE);
    await guard.finishTurn({ ...token, ending: 'completed', usage: USAGE });
    // The lease is of the process that is still stopping.
    expect((await guard.session(session.id)).leaseExpiresAt).not.toBeNull();
    await guard.finishTurn({ ...next, ending: 'killed' });
    expect(await guard.session(session.id)).toMatchObject({ agentSessionId: told, usage: USAGE, leaseExpiresAt: null });
    expect(await guard.session(successor.id)).toMatchObject({ agentSessionId: null, usage: { inputTokens: 0 } });
  });
});
