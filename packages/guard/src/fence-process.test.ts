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

/** A session with a running process that has reported its agent session id. */
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

/** A lost process, and the later process that resumed its conversation. */
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

  test('cannot append logs; each stored line names its process', async () => {
    const { session, token, next } = was;
    await say(next, 'of the second');
    await expect(say(token, 'too late')).rejects.toMatchObject(STALE);
    expect(await logsOf(session)).toMatchObject([{ process_id: next.processId, line: 'of the second' }]);
    expect(await readMetric(scene.guard, 'phaselock_fenced_writes_total', { operation: 'logs' })).toBeGreaterThan(0);
  });

  test('cannot report an agent session id, also when it tries again', async () => {
    const { session, token, told, zombie } = was;
    for (const _ of ['first', 'again'])
      await expect(scene.guard.reportAgentSession(token, zombie)).rejects.toMatchObject(STALE);
    expect(await scene.guard.session(session.id)).toMatchObject({ agentSessionId: told, status: 'running' });
  });

  test('can report its usage only together with its ending', async () => {
    const { session, token } = was;
    await expect(scene.guard.recordUsage(token, USAGE)).rejects.toMatchObject(STALE);
    expect((await scene.guard.session(session.id)).usage.inputTokens).toBe(0);
    await scene.guard.finishTurn({ ...token, ending: 'failed', usage: USAGE });
    expect((await scene.guard.session(session.id)).usage).toEqual(USAGE);
  });

  test('cannot finish with an agent session id: the whole call is refused each time', async () => {
    const { session, token, zombie } = was;
    const finish = { ...token, ending: 'completed', agentSessionId: zombie, usage: USAGE } as const;
    const before = await scene.guard.session(session.id);
    for (const _ of ['first', 'again']) await expect(scene.guard.finishTurn(finish)).rejects.toMatchObject(STALE);
    expect(await scene.guard.session(session.id)).toEqual(before);
    expect(await scene.guard.processes(session.id)).toMatchObject([{ status: 'lost' }, { status: 'running' }]);
  });

  test('cannot report the conversation that its successor resumed as lost', async () => {
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

  test('may report its ending repeatedly, with the id that was accepted in time', async () => {
    const { session, token, told } = was;
    const finish = { ...token, ending: 'completed', exitCode: 0, agentSessionId: told } as const;
    const first = await scene.guard.finishTurn(finish);
    expect(await scene.guard.finishTurn(finish)).toEqual(first);
    expect(await scene.guard.processes(session.id)).toMatchObject([{ status: 'completed' }, { status: 'running' }]);
  });

  test('cannot report anything else after its ending', async () => {
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

  test('does not affect the next turn, which resumes the conversation of its successor', async () => {
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

  test('gets the same answer when it repeats an append with its key, and adds no line', async () => {
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

test('an ended process may append logs and report usage until the next turn begins', async () => {
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

describe('a lost process without a successor', () => {
  async function lost() {
    const was = await running();
    await lapseLease(scene, was.session);
    await scene.guard.sweepLapsed();
    expect(await scene.guard.processes(was.session.id)).toMatchObject([{ status: 'lost' }]);
    return was;
  }

  test('cannot renew its lease or report an agent session id', async () => {
    const { session, token, told, zombie } = await lost();
    expect(await scene.guard.heartbeat(token)).toMatchObject({ kind: 'stop', why: 'not-running' });
    await expect(scene.guard.reportAgentSession(token, zombie)).rejects.toMatchObject(STALE);
    const finish = { ...token, ending: 'completed', agentSessionId: zombie } as const;
    await expect(scene.guard.finishTurn(finish)).rejects.toMatchObject(STALE);
    expect(await scene.guard.session(session.id)).toMatchObject({ status: 'ready', agentSessionId: told });
  });

  test('may append logs until the next turn begins', async () => {
    const { session, token, turn } = await lost();
    await say(token, 'in time');
    await scene.guard.startTurn(turn);
    await expect(say(token, 'too late')).rejects.toMatchObject(STALE);
    expect(await logsOf(session)).toMatchObject([{ process_id: token.processId, line: 'in time' }]);
  });

  test('may report its usage and ending; its end time stays the expiry of its lease', async () => {
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

describe('a process of a replaced session', () => {
  test('may report its usage and ending; reports about its conversation are ignored', async () => {
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

  test('that was lost before may report only its ending and usage', async () => {
    const { guard } = scene;
    const { taskId, session, token, next, told, zombie } = await superseded();
    const successor = await replaceBy(guard, aStart(taskId, OPUS));
    await expect(say(token, 'too late')).rejects.toMatchObject(STALE);
    await expect(guard.reportAgentSession(token, zombie)).rejects.toMatchObject(STALE);
    await guard.finishTurn({ ...token, ending: 'completed', usage: USAGE });
    // The lease belongs to the later process, which is still stopping.
    expect((await guard.session(session.id)).leaseExpiresAt).not.toBeNull();
    await guard.finishTurn({ ...next, ending: 'killed' });
    expect(await guard.session(session.id)).toMatchObject({ agentSessionId: told, usage: USAGE, leaseExpiresAt: null });
    expect(await guard.session(successor.id)).toMatchObject({ agentSessionId: null, usage: { inputTokens: 0 } });
  });
});
