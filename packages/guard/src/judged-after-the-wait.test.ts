import type { SessionId } from '@phaselock/core';
import { markLapsed } from '@phaselock/store';
import {
  agentId,
  allSessions,
  aStart,
  aTurn,
  begin,
  callsWaiting,
  confirmed,
  lapseLease,
  OPUS,
  openTestGuard,
  queueBehind,
  SONNET,
  SONNET_NEXT,
  shown,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { LAPSED_STATUS } from './lapsed-status.ts';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

const LINE = [{ kind: 'stdout', line: 'too late' }] as const;
const USAGE = { inputTokens: 1_000, outputTokens: 200, turns: 3, costUsdMicros: 12_345 } as const;

/** A session with a running process that has reported its agent session id. */
async function running() {
  const { guard, world } = scene;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  const token = tokenOf(startedOf(await guard.startTurn(aTurn(session, attemptId))));
  const told = agentId(`told ${session.id}`);
  await guard.reportAgentSession(token, told);
  return { taskId, session, token, told, nextTurn: () => guard.startTurn(aTurn(session, attemptId)) };
}
type Running = Awaited<ReturnType<typeof running>>;

const answered = (value: object) => ({ status: 'fulfilled', value });
const refused = (code: string) => ({ status: 'rejected', reason: { code } });

describe('a lost process that waited for a lock while its successor began', () => {
  let was: Running;
  beforeEach(async () => {
    was = await running();
    await lapseLease(scene, was.session);
  });

  const behindTheNextTurn = async (call: () => Promise<unknown>) => {
    const { ahead, behind } = await queueBehind(scene, was.session, was.nextTurn, call);
    return { next: startedOf(ahead), behind };
  };

  test('is told to stop by its heartbeat, which does not extend the lease of its successor', async () => {
    const { next, behind } = await behindTheNextTurn(() => scene.guard.heartbeat(was.token));
    expect(behind).toMatchObject(answered({ kind: 'stop', why: 'not-running' }));
    const { leaseExpiresAt } = await scene.guard.session(was.session.id);
    expect(leaseExpiresAt).toEqual(next.leaseExpiresAt);
  });

  test('cannot append logs', async () => {
    const { behind } = await behindTheNextTurn(() => scene.guard.appendLogs(was.token, LINE));
    expect(behind).toMatchObject(refused('stale_process'));
    expect((await scene.guard.logs(was.session.id, { limit: 10 })).items).toEqual([]);
  });

  test('cannot report an agent session id', async () => {
    const id = agentId(`zombie ${was.session.id}`);
    const { behind } = await behindTheNextTurn(() => scene.guard.reportAgentSession(was.token, id));
    expect(behind).toMatchObject(refused('stale_process'));
    expect(await scene.guard.session(was.session.id)).toMatchObject({ agentSessionId: was.told });
  });

  test('cannot report its usage without its ending', async () => {
    const { behind } = await behindTheNextTurn(() => scene.guard.recordUsage(was.token, USAGE));
    expect(behind).toMatchObject(refused('stale_process'));
    expect((await scene.guard.session(was.session.id)).usage.inputTokens).toBe(0);
  });

  test('cannot finish with an agent session id', async () => {
    const finish = { ...was.token, ending: 'completed', agentSessionId: agentId(`zombie ${was.session.id}`) } as const;
    const { behind } = await behindTheNextTurn(() => scene.guard.finishTurn(finish));
    expect(behind).toMatchObject(refused('stale_process'));
    expect(await scene.guard.processes(was.session.id)).toMatchObject([{ status: 'lost' }, { status: 'running' }]);
  });

  test('can finish without an agent session id, and its successor keeps the lease', async () => {
    const { next, behind } = await behindTheNextTurn(() =>
      scene.guard.finishTurn({ ...was.token, ending: 'completed' }),
    );
    expect(behind).toMatchObject(answered({ kind: 'finished' }));
    expect(await scene.guard.session(was.session.id)).toMatchObject({
      status: 'running',
      leaseExpiresAt: next.leaseExpiresAt,
    });
  });
});

describe('a call that waited for a lock while its process ended', () => {
  test('does not renew the lease if it is a heartbeat', async () => {
    const { session, token } = await running();
    const end = () => scene.guard.finishTurn({ ...token, ending: 'completed' });
    const { behind } = await queueBehind(scene, session, end, () => scene.guard.heartbeat(token));
    expect(behind).toMatchObject(answered({ kind: 'stop', why: 'not-running' }));
    expect(await scene.guard.session(session.id)).toMatchObject({ status: 'ready', leaseExpiresAt: null });
  });

  test('is refused if it reports an agent session id', async () => {
    const { session, token, told } = await running();
    const end = () => scene.guard.finishTurn({ ...token, ending: 'completed' });
    const tell = () => scene.guard.reportAgentSession(token, agentId(`late ${session.id}`));
    expect((await queueBehind(scene, session, end, tell)).behind).toMatchObject(refused('stale_process'));
    expect(await scene.guard.session(session.id)).toMatchObject({ agentSessionId: told });
  });

  test('is refused if it reports another ending', async () => {
    const { session, token } = await running();
    const end = () => scene.guard.finishTurn({ ...token, ending: 'completed' });
    const endAgain = () => scene.guard.finishTurn({ ...token, ending: 'failed' });
    expect((await queueBehind(scene, session, end, endAgain)).behind).toMatchObject(refused('illegal_transition'));
    expect(await scene.guard.processes(session.id)).toMatchObject([{ status: 'completed' }]);
  });
});

describe('a call that waited for a lock while its session was replaced', () => {
  const behindReplacement = async ({ taskId, session }: Running, call: () => Promise<unknown>) => {
    const replace = () => scene.guard.start(aStart(taskId, OPUS, confirmed(shown(session))));
    const { ahead, behind } = await queueBehind(scene, session, replace, call);
    if (ahead.kind !== 'replaced') throw new Error(`nothing was replaced: ${ahead.kind}`);
    return { successor: ahead.session, behind };
  };

  test('returns the id of the successor if it is a heartbeat', async () => {
    const was = await running();
    const { successor, behind } = await behindReplacement(was, () => scene.guard.heartbeat(was.token));
    expect(behind).toMatchObject(answered({ kind: 'stop', why: 'replaced', replacedBy: successor.id }));
  });

  test.each([
    ['a log append', ({ token }: Running) => scene.guard.appendLogs(token, LINE)],
    ['an id report', ({ token }: Running) => scene.guard.reportAgentSession(token, agentId(`late ${token.sessionId}`))],
    ['a close', ({ session }: Running) => scene.guard.closeSession({ ...shown(session), how: 'complete' })],
  ])('is refused if it is %s', async (_, call) => {
    const was = await running();
    const { behind } = await behindReplacement(was, () => call(was));
    expect(behind).toMatchObject(refused('stale_generation'));
  });

  test('is refused if it begins a turn', async () => {
    const was = await running();
    await lapseLease(scene, was.session);
    const { behind } = await behindReplacement(was, was.nextTurn);
    expect(behind).toMatchObject(answered({ kind: 'refused', code: 'stale_generation' }));
    expect(await scene.guard.processes(was.session.id)).toHaveLength(1);
  });

  test('is accepted without its agent session id if it reports the ending', async () => {
    const was = await running();
    const finish = { ...was.token, ending: 'killed', agentSessionId: agentId(`late ${was.session.id}`) } as const;
    const { behind } = await behindReplacement(was, () => scene.guard.finishTurn(finish));
    expect(behind).toMatchObject(answered({ kind: 'finished', replaced: true }));
    expect(await scene.guard.session(was.session.id)).toMatchObject({ agentSessionId: was.told, leaseExpiresAt: null });
  });
});

test('a heartbeat that waited for a lock while its session was closed stops its runner', async () => {
  const { session, token } = await running();
  const close = () => scene.guard.closeSession({ ...shown(session), how: 'stop' });
  const { behind } = await queueBehind(scene, session, close, () => scene.guard.heartbeat(token));
  expect(behind).toMatchObject(answered({ kind: 'stop', why: 'not-running' }));
});

test('a turn that waited for a lock while the expired lease was renewed is refused', async () => {
  const { session, token, nextTurn } = await running();
  await lapseLease(scene, session);
  const { ahead, behind } = await queueBehind(scene, session, () => scene.guard.heartbeat(token), nextTurn);
  expect(ahead).toMatchObject({ kind: 'continue' });
  expect(behind).toMatchObject(answered({ kind: 'refused', code: 'turn_running' }));
  expect(await scene.guard.processes(session.id)).toMatchObject([{ status: 'running' }]);
});

test('a turn that waited for a lock while the lost process reported its id resumes that id', async () => {
  const { session, token, nextTurn } = await running();
  await lapseLease(scene, session);
  const id = agentId(`told in time ${session.id}`);
  const { behind } = await queueBehind(scene, session, () => scene.guard.reportAgentSession(token, id), nextTurn);
  expect(behind).toMatchObject(answered({ kind: 'started', passedSessionId: id, reason: 'same-model' }));
});

describe('a call that waited for the sweep of expired leases', () => {
  const behindTheSweep = async <Answer>({ session }: Running, call: () => Promise<Answer>): Promise<Answer> => {
    await lapseLease(scene, session);
    const sweep = scene.guard.database.transaction();
    const lost = await markLapsed(sweep, 500, LAPSED_STATUS);
    expect(lost.map(({ session_id }) => session_id)).toContain(session.id);
    const behind = call();
    await callsWaiting(scene, 1);
    await sweep.commit();
    return await behind;
  };

  test('is told to stop if it is a heartbeat', async () => {
    const was = await running();
    const answer = await behindTheSweep(was, () => scene.guard.heartbeat(was.token));
    expect(answer).toMatchObject({ kind: 'stop', why: 'not-running' });
    expect(await scene.guard.session(was.session.id)).toMatchObject({ status: 'ready', leaseExpiresAt: null });
  });

  test('begins its turn, and the predecessor is marked lost once', async () => {
    const was = await running();
    expect(await behindTheSweep(was, was.nextTurn)).toMatchObject({ kind: 'started', seq: 2 });
    const types = (await scene.guard.events(was.session.id)).map(({ type }) => type);
    expect(types.filter((type) => type === 'turn-lost')).toHaveLength(1);
  });
});

describe('a first guarded start that waited for a lock while the newest legacy session was deleted', () => {
  const unguarded = { guarded: false } as const;

  test('does not adopt the deleted session', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const legacy = await begin(guard, aStart(taskId, SONNET, unguarded));
    const remove = () => guard.softDelete({ sessionId: legacy.id });
    const { behind } = await queueBehind(scene, legacy, remove, () => guard.start(aStart(taskId)));
    expect(behind).toMatchObject(answered({ kind: 'created' }));
    expect(await guard.session(legacy.id)).toMatchObject({ guarded: false, deletedReason: 'deleted' });
  });

  test('does not replace the deleted session, and returns the remaining one', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const older = await begin(guard, aStart(taskId, SONNET_NEXT, unguarded));
    const newest = await begin(guard, aStart(taskId, SONNET, unguarded));
    const remove = () => guard.softDelete({ sessionId: newest.id });
    const { behind } = await queueBehind(scene, newest, remove, () =>
      guard.start(aStart(taskId, OPUS, confirmed(shown(newest)))),
    );
    expect(behind).toMatchObject(answered({ kind: 'refused', code: 'session_moved_on', shown: shown(older) }));
    expect((await allSessions(guard, taskId)).filter(({ deletedAt }) => deletedAt === null)).toMatchObject([
      { id: older.id, guarded: false },
    ]);
  });
});

test.each<[string, (id: SessionId) => Promise<unknown>]>([
  ['deletion', (id) => scene.guard.softDelete({ sessionId: id })],
  ['bulk deletion', (id) => scene.guard.bulkDelete([id])],
])('a %s that waited for a lock while its session was adopted leaves the slot empty', async (_, remove) => {
  const { guard, world } = scene;
  const taskId = await world.task();
  const legacy = await begin(guard, aStart(taskId, SONNET, { guarded: false }));
  const adopt = () => guard.start(aStart(taskId));
  const { ahead } = await queueBehind(scene, legacy, adopt, () => remove(legacy.id));
  expect(ahead).toMatchObject({ kind: 'existing', session: { id: legacy.id } });
  expect(await guard.session(legacy.id)).toMatchObject({ guarded: true, deletedReason: 'deleted' });
  expect(await guard.start(aStart(taskId, OPUS))).toMatchObject({ kind: 'created', session: { generation: 1 } });
});
