import { ERRORS } from '@phaselock/core';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  eventually,
  lockedBy,
  OPUS,
  openTestGuard,
  readMetric,
  replaceBy,
  runTurn,
  SONNET,
  startedOf,
  stopAt,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { OpenGuard } from './open-guard.ts';
import type { GuardedSession } from './start-outcome.ts';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard(lockedBy('optimistic'));
});
afterAll(() => scene[Symbol.asyncDispose]());

/** A session with a running process, and the token of that process. */
async function running(guard: OpenGuard = scene.guard) {
  const taskId = await scene.world.task();
  const attemptId = await scene.world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  return { taskId, attemptId, session, token: tokenOf(turn) };
}

/** Moves the lease into the past by the clock of the database, because that clock decides. */
const lapse = async ({ id }: Pick<GuardedSession, 'id'>): Promise<void> => {
  await scene.guard.database.pool.pg.query(
    "update sessions set lease_expires_at = clock_timestamp() - interval '1 s' where id = $1",
    [id],
  );
};

describe('a successor', () => {
  test('is refused its first turn, with a retry time, until the old runner reports that it stopped', async () => {
    const { guard } = scene;
    const { taskId, attemptId, token } = await running();
    const successor = await replaceBy(guard, aStart(taskId, OPUS));
    expect(await guard.session(successor.id)).toMatchObject({ status: 'pending' });
    const refused = await guard.startTurn(aTurn(successor, attemptId));
    expect(refused).toMatchObject({
      kind: 'refused',
      code: 'predecessor_stopping',
      text: ERRORS.predecessor_stopping.text,
    });
    expect(refused.kind === 'refused' && refused.retryAfterMs).toBeGreaterThan(0);
    expect(await guard.processes(successor.id)).toEqual([]);

    expect(await guard.finishTurn({ ...token, ending: 'killed' })).toMatchObject({ replaced: true });
    expect(await guard.startTurn(aTurn(successor, attemptId))).toMatchObject({ kind: 'started', reason: 'first' });
  });

  test('waits no longer than the lease of its predecessor, by the clock of the database', async () => {
    const server = await scene.another({ settings: { leaseMs: 1_000 } });
    const { taskId, attemptId } = await running(server);
    const successor = await replaceBy(server, aStart(taskId, OPUS));
    expect(await server.startTurn(aTurn(successor, attemptId))).toMatchObject({ code: 'predecessor_stopping' });
    await eventually(async () => {
      expect(await server.startTurn(aTurn(successor, attemptId))).toMatchObject({ kind: 'started' });
    });
  });

  test('of a successor that never ran waits for the process of the first session', async () => {
    const { guard } = scene;
    const { taskId, attemptId, token } = await running();
    await replaceBy(guard, aStart(taskId, OPUS));
    const third = await replaceBy(guard, aStart(taskId, 'claude-haiku-4-5'));
    expect(await guard.startTurn(aTurn(third, attemptId))).toMatchObject({ code: 'predecessor_stopping' });
    await guard.finishTurn({ ...token, ending: 'killed' });
    expect(await guard.startTurn(aTurn(third, attemptId))).toMatchObject({ kind: 'started' });
  });

  test('of a deleted session waits as well', async () => {
    const { guard } = scene;
    const { taskId, attemptId, session, token } = await running();
    await guard.softDelete({ sessionId: session.id });
    const next = await begin(guard, aStart(taskId));
    expect(next.generation).toBe(2);
    expect(await guard.startTurn(aTurn(next, attemptId))).toMatchObject({ code: 'predecessor_stopping' });
    expect(await guard.heartbeat(token)).toEqual({ kind: 'stop', why: 'replaced', replacedBy: null });
    await guard.finishTurn({ ...token, ending: 'killed' });
    expect(await guard.startTurn(aTurn(next, attemptId))).toMatchObject({ kind: 'started' });
  });

  test('is refused by the write itself if its predecessor gets a lease after the decision', async () => {
    const { guard } = scene;
    const stop = stopAt();
    const held = await scene.another({ racepoint: stop.racepoint });
    const { taskId, attemptId, session, token } = await running();
    await guard.finishTurn({ ...token, ending: 'completed', agentSessionId: agentId(session.id) });
    const successor = await replaceBy(guard, aStart(taskId, OPUS));
    const { reached, goOn } = stop.arm('turn:decided');
    const turn = held.startTurn(aTurn(successor, attemptId));
    await reached;
    await guard.database.pool.pg.query(
      "update sessions set lease_expires_at = clock_timestamp() + interval '1 h' where id = $1",
      [session.id],
    );
    goOn();
    expect(await turn).toMatchObject({ code: 'predecessor_stopping' });
    expect(await guard.processes(successor.id)).toEqual([]);
  });

  test('does not wait for a deleted standalone execution', async () => {
    const { guard, world } = scene;
    const { taskId, attemptId, session, token } = await running();
    await guard.finishTurn({ ...token, ending: 'completed', agentSessionId: agentId(session.id) });
    const alone = await guard.beginStandalone({ ...aStart(taskId) });
    await guard.startTurn(aTurn(alone, await world.attempt(taskId)));
    await guard.softDelete({ sessionId: alone.id });
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ kind: 'started' });
  });
});

describe('a replaced runner', () => {
  test('learns from its heartbeat that it must stop, and the id of its successor', async () => {
    const { guard } = scene;
    const { taskId, token } = await running();
    expect(await guard.heartbeat(token)).toMatchObject({ kind: 'continue' });
    const successor = await replaceBy(guard, aStart(taskId, OPUS));
    expect(await guard.heartbeat(token)).toEqual({ kind: 'stop', why: 'replaced', replacedBy: successor.id });
  });

  test('cannot write into its conversation any more', async () => {
    const { guard } = scene;
    const { taskId, attemptId, session, token } = await running();
    await guard.appendLogs(token, [{ kind: 'stdout', line: 'before' }]);
    await replaceBy(guard, aStart(taskId, OPUS));
    const stale = { code: 'stale_generation' };
    await expect(guard.appendLogs(token, [{ kind: 'stdout', line: 'after' }])).rejects.toMatchObject(stale);
    await expect(guard.reportAgentSession(token, agentId('too late'))).rejects.toMatchObject(stale);
    await expect(
      guard.closeSession({ sessionId: session.id, generation: session.generation, how: 'complete' }),
    ).rejects.toMatchObject(stale);
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ kind: 'refused', ...stale });
    for (const operation of ['logs', 'agent-session', 'close', 'begin-turn']) {
      expect(await readMetric(guard, 'phaselock_fenced_writes_total', { operation })).toBeGreaterThanOrEqual(1);
    }
    const parts = await Array.fromAsync(guard.exportSession(session.id));
    expect(parts.flatMap((part) => (part.kind === 'log' ? [part.log.line] : []))).toEqual(['before']);
  });

  test('cannot write anything under a wrong generation', async () => {
    const { guard } = scene;
    const { attemptId, session, token } = await running();
    const { session: other } = await running();
    const next = await replaceBy(guard, aStart(other.slot.taskId, OPUS));
    const wrong = { ...token, generation: next.generation };
    const stale = { code: 'stale_generation' };
    await expect(guard.appendLogs(wrong, [{ kind: 'stdout', line: 'x' }])).rejects.toMatchObject(stale);
    await expect(guard.finishTurn({ ...wrong, ending: 'completed' })).rejects.toMatchObject(stale);
    await expect(guard.reportAgentSession(wrong, agentId('x'))).rejects.toMatchObject(stale);
    expect(await guard.heartbeat(wrong)).toMatchObject({ kind: 'stop', why: 'stale' });
    const turn = { ...aTurn(session, attemptId), generation: next.generation };
    expect(await guard.startTurn(turn)).toMatchObject({ kind: 'refused', ...stale });
  });

  test('may still report its ending, and the answer states that it was replaced', async () => {
    const { guard } = scene;
    const { taskId, session, token } = await running();
    await replaceBy(guard, aStart(taskId, OPUS));
    const finish = {
      ...token,
      ending: 'killed',
      exitCode: 143,
      agentSessionId: agentId(`last words ${taskId}`),
    } as const;
    expect(await guard.finishTurn(finish)).toMatchObject({ kind: 'finished', replaced: true });
    expect(await guard.processes(session.id)).toMatchObject([{ status: 'killed', exit_code: 143 }]);
    expect(await guard.session(session.id)).toMatchObject({ status: 'stopped', leaseExpiresAt: null });
    // A repeated finish gets the same answer; a finish with another ending is refused.
    expect(await guard.finishTurn(finish)).toMatchObject({ kind: 'finished', replaced: true });
    await expect(guard.finishTurn({ ...finish, ending: 'completed' })).rejects.toMatchObject({
      code: 'illegal_transition',
    });
  });
});

describe('a silent runner', () => {
  test('is lost when the next turn begins, and its late finish keeps the lease of its successor', async () => {
    const { guard } = scene;
    const { taskId, attemptId, session, token } = await running();
    await guard.reportAgentSession(token, agentId(`first ${taskId}`));
    await lapse(session);
    const second = startedOf(await guard.startTurn(aTurn(session, attemptId)));
    expect(await guard.processes(session.id)).toMatchObject([{ status: 'lost' }, { status: 'running' }]);

    expect(await guard.heartbeat(token)).toMatchObject({ kind: 'stop', why: 'not-running' });
    await guard.finishTurn({ ...token, ending: 'completed' });
    expect(await guard.processes(session.id)).toMatchObject([{ status: 'completed' }, { status: 'running' }]);
    expect(await guard.session(session.id)).toMatchObject({ status: 'running' });
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ code: 'turn_running' });
    expect(await guard.heartbeat(tokenOf(second))).toMatchObject({ kind: 'continue' });
  });

  test('that was not replaced renews its expired lease', async () => {
    const { guard } = scene;
    const { attemptId, session, token } = await running();
    await lapse(session);
    expect(await guard.heartbeat(token)).toMatchObject({ kind: 'continue' });
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ code: 'turn_running' });
  });

  test('that was replaced no longer blocks its successor', async () => {
    const { guard } = scene;
    const { taskId, attemptId, session, token } = await running();
    const successor = await replaceBy(guard, aStart(taskId, OPUS));
    await lapse(session);
    expect(await guard.heartbeat(token)).toMatchObject({ kind: 'stop' });
    expect(await guard.startTurn(aTurn(successor, attemptId))).toMatchObject({ kind: 'started' });
    expect(await guard.finishTurn({ ...token, ending: 'completed' })).toMatchObject({ replaced: true });
    expect(await guard.session(successor.id)).toMatchObject({ status: 'running' });
  });
});

describe('a process', () => {
  test('of another session cannot finish, renew its lease, append logs or report', async () => {
    const { guard } = scene;
    const one = await running();
    const other = await running();
    const foreign = { ...one.token, processId: other.token.processId };
    const unknown = { code: 'process_not_found' };
    await expect(guard.finishTurn({ ...foreign, ending: 'completed' })).rejects.toMatchObject(unknown);
    await expect(guard.reportAgentSession(foreign, agentId('x'))).rejects.toMatchObject(unknown);
    await expect(guard.appendLogs(foreign, [{ kind: 'stdout', line: 'x' }])).rejects.toMatchObject(unknown);
    expect(await guard.heartbeat(foreign)).toMatchObject({ kind: 'stop' });
    expect(await guard.session(one.session.id)).toMatchObject({ status: 'running' });
  });

  test('cannot end a second time with another ending', async () => {
    const { guard } = scene;
    const { taskId, attemptId } = await running();
    const other = await begin(guard, aStart(taskId, SONNET, { phase: 'verify' }));
    const turn = await runTurn(guard, aTurn(other, attemptId), `once ${other.id}`);
    await expect(guard.finishTurn({ ...tokenOf(turn), ending: 'failed' })).rejects.toMatchObject({
      code: 'illegal_transition',
    });
  });

  test('cannot append a line that cannot be stored, or too many lines at once', async () => {
    const { guard } = scene;
    const { token } = await running();
    const line = { kind: 'stdout', line: 'a\0b' } as const;
    await expect(guard.appendLogs(token, [line])).rejects.toMatchObject({ code: 'invalid_request' });
    const many = Array.from({ length: 5_001 }, () => ({ kind: 'stdout', line: 'x' }) as const);
    await expect(guard.appendLogs(token, many)).rejects.toMatchObject({ code: 'invalid_request' });
    await guard.appendLogs(token, []);
  });
});
