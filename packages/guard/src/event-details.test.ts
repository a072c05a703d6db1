import { createHash } from 'node:crypto';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  confirmed,
  lapseLease,
  OPUS,
  openTestGuard,
  runTurn,
  SONNET,
  SONNET_NEXT,
  shown,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { GuardedSession } from './start-outcome.ts';

const USAGE = { inputTokens: 10, outputTokens: 5, turns: 1, costUsdMicros: 7 } as const;
const STORED_USAGE = { input_tokens: 10, output_tokens: 5, turns: 1, cost_usd_micros: 7 } as const;
const model = (name: string) => ({
  agent: 'claude-code',
  variant: null,
  model: name,
  resolved_model: name,
  parameters: {},
});

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

const eventsOf = async ({ id }: Pick<GuardedSession, 'id'>, type: string) =>
  (await scene.guard.events(id)).filter((event) => event.type === type && event.session_id === id);

async function atWork() {
  const { guard, world } = scene;
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  return { taskId, attemptId, session, turn, token: tokenOf(turn) };
}

const sha256 = (...parts: readonly (Buffer | string)[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();

/** The digest over the stored log lines of a process, computed outside the database. */
async function digestOf(processId: string): Promise<string> {
  const { rows } = await scene.guard.database.pool.pg.query<{ kind: string; line: string }>(
    'select kind, line from session_logs where process_id = $1 order by id',
    [processId],
  );
  return rows
    .reduce<Buffer>((before, { kind, line }) => sha256(before, sha256(`${kind}\u001f${line}`)), Buffer.alloc(0))
    .toString('hex');
}

describe('the event of the beginning', () => {
  test('of a session contains its model, and a hash of the handoff', async () => {
    const { guard, world } = scene;
    const taskId = await world.task();
    const first = await begin(guard, aStart(taskId));
    expect(await eventsOf(first, 'created')).toMatchObject([{ detail: { model: model(SONNET) } }]);
    const handoff = { summary: 'half done: ü' };
    const next = await begin(guard, aStart(taskId, OPUS, { ...confirmed(shown(first)), handoff }));
    const { handoff: stored } = await guard.session(next.id);
    const [replaced] = await eventsOf(next, 'replaced');
    expect(replaced?.detail).toEqual({
      model: model(OPUS),
      handoff_sha256: sha256(stored ?? 'no handoff').toString('hex'),
    });
  });

  test('of a session outside the guard, of a milestone, or in a bulk start contains its model', async () => {
    const { guard, world } = scene;
    const beside = await begin(guard, aStart(await world.task(), SONNET, { guarded: false }));
    expect(await eventsOf(beside, 'created-beside')).toMatchObject([{ detail: { model: model(SONNET) } }]);
    const alone = await guard.beginStandalone(aStart(await world.task(), SONNET, { milestoneId: 'm-1' }));
    const [started] = await eventsOf(alone, 'standalone-started');
    expect(started?.detail).toEqual({ model: model(SONNET), milestone_id: 'm-1' });
    const [bulk] = await guard.bulkStart([aStart(await world.task())]);
    if (bulk?.kind !== 'created') throw new Error('no session was created');
    expect(await eventsOf(bulk.session, 'created')).toMatchObject([{ detail: { model: model(SONNET) } }]);
  });

  test('of a turn contains what its process was started with', async () => {
    const { guard } = scene;
    const { session, attemptId, turn, token, taskId } = await atWork();
    await guard.finishTurn({ ...token, ending: 'completed', agentSessionId: agentId(`of ${taskId}`) });
    const retry = aTurn(session, attemptId, { preRetryId: agentId(`of ${taskId}`) });
    const second = startedOf(await guard.startTurn(retry));
    const [first, again] = await eventsOf(session, 'turn-started');
    const started = { attempt_id: attemptId, skip_context: false, takes_up: false, lost_session_id: null };
    expect(first?.detail).toEqual({
      ...started,
      process_id: turn.processId,
      seq: 1,
      action: 'CodingAgentInitialRequest',
      passed_session_id: null,
      pre_retry_session_id: null,
      model: model(SONNET),
    });
    expect(again?.detail).toEqual({
      ...started,
      process_id: second.processId,
      seq: 2,
      action: 'CodingAgentFollowUpRequest',
      passed_session_id: `of ${taskId}`,
      pre_retry_session_id: `of ${taskId}`,
      model: model(SONNET),
    });
  });
});

test('a kept session has an event with the whole model before and after', async () => {
  const { guard, world } = scene;
  const taskId = await world.task();
  const session = await begin(guard, aStart(taskId));
  await guard.start(aStart(taskId, SONNET_NEXT, { say: { kind: 'keep' } }));
  const [kept] = await eventsOf(session, 'kept');
  expect(kept?.detail).toEqual({ previous: model(SONNET), current: model(SONNET_NEXT) });
});

describe('each id that a process reports', () => {
  test('has an event with the time at which it was stored, and a repeated report has none', async () => {
    const { guard } = scene;
    const { session, taskId, token } = await atWork();
    const ids = [`first ${taskId}`, `second ${taskId}`];
    for (const id of ids) {
      await guard.reportAgentSession(token, agentId(id));
      await guard.reportAgentSession(token, agentId(id));
    }
    const told = await eventsOf(session, 'conversation-told');
    expect(told.map(({ detail }) => detail)).toEqual(
      ids.map((id) => ({ process_id: token.processId, agent_session_id: id })),
    );
    const { rows } = await guard.database.pool.pg.query(
      `select s.updated_at = e.at as same from sessions s join session_events e on e.session_id = s.id
       where s.id = $1 order by e.id desc limit 1`,
      [session.id],
    );
    expect(rows).toEqual([{ same: true }]);
  });

  test('with its ending is in the event of the ending', async () => {
    const { guard } = scene;
    const { session, taskId, token } = await atWork();
    const agentSessionId = agentId(`with the ending ${taskId}`);
    await guard.finishTurn({ ...token, ending: 'failed', exitCode: 3, agentSessionId, usage: USAGE });
    const [finished] = await eventsOf(session, 'turn-finished');
    expect(finished?.detail).toEqual({
      process_id: token.processId,
      seq: 1,
      agent_session_id: agentSessionId,
      exit_code: 3,
      usage: STORED_USAGE,
      logs: { lines: 0, digest: null },
      invalidates: false,
    });
    expect(await eventsOf(session, 'conversation-told')).toEqual([]);
  });
});

test('usage has an event of its own when it is stored after the ending', async () => {
  const { guard } = scene;
  const { session, token } = await atWork();
  await guard.recordUsage(token, { ...USAGE, inputTokens: 3 });
  await guard.finishTurn({ ...token, ending: 'completed' });
  expect(await eventsOf(session, 'usage-booked')).toEqual([]);
  await guard.recordUsage(token, USAGE);
  await guard.recordUsage(token, { ...USAGE, inputTokens: 4 });
  await guard.finishTurn({ ...token, ending: 'completed', usage: { ...USAGE, turns: 2 } });
  expect((await eventsOf(session, 'usage-booked')).map(({ detail }) => detail)).toEqual([
    { process_id: token.processId, usage: STORED_USAGE },
    { process_id: token.processId, usage: { ...STORED_USAGE, turns: 2 } },
  ]);
});

describe('the log lines of a process', () => {
  test('are covered by a digest in the event of its ending, and by another event when they come later', async () => {
    const { guard } = scene;
    const { session, token } = await atWork();
    await guard.appendLogs(token, [
      { kind: 'stdout', line: 'one' },
      { kind: 'event', line: '{"two":"ü \u2028"}' },
    ]);
    await guard.appendLogs(token, [{ kind: 'stderr', line: '' }]);
    const before = await digestOf(token.processId);
    await guard.finishTurn({ ...token, ending: 'completed' });
    expect(await eventsOf(session, 'turn-finished')).toMatchObject([
      { detail: { logs: { lines: 3, digest: before } } },
    ]);
    await guard.appendLogs(token, [{ kind: 'result', line: 'four' }]);
    expect((await eventsOf(session, 'logs-appended')).map(({ detail }) => detail)).toEqual([
      { process_id: token.processId, logs: { lines: 4, digest: await digestOf(token.processId) } },
    ]);
  });

  test('are covered when the process is lost, by the sweep or by the next turn', async () => {
    const { guard } = scene;
    for (const how of ['sweep', 'turn'] as const) {
      const { session, attemptId, taskId, token } = await atWork();
      await guard.reportAgentSession(token, agentId(`of ${taskId}`));
      await guard.appendLogs(token, [{ kind: 'stdout', line: how }]);
      await lapseLease(scene, session);
      if (how === 'sweep') await guard.sweepLapsed();
      else await guard.startTurn(aTurn(session, attemptId));
      expect(await eventsOf(session, 'turn-lost')).toMatchObject([
        { detail: { process_id: token.processId, logs: { lines: 1, digest: await digestOf(token.processId) } } },
      ]);
    }
  });

  test('have no digest when an earlier release started the process', async () => {
    const { guard } = scene;
    const { session, token } = await atWork();
    await guard.database.pool.pg.query('update processes set log_lines = null where id = $1', [token.processId]);
    await guard.appendLogs(token, [{ kind: 'stdout', line: 'one' }]);
    await guard.finishTurn({ ...token, ending: 'completed' });
    await guard.appendLogs(token, [{ kind: 'stdout', line: 'two' }]);
    const [finished] = await eventsOf(session, 'turn-finished');
    expect(finished?.detail).not.toHaveProperty('logs');
    expect(await eventsOf(session, 'logs-appended')).toEqual([]);
  });
});

describe('the event of an end has the time that is stored of the session', () => {
  // A session that seems to have changed in the future, as after the clock of the database was stepped back.
  const changedLater = async ({ id }: Pick<GuardedSession, 'id'>): Promise<void> =>
    void (await scene.guard.database.pool.pg.query(
      `update sessions set updated_at = now() + interval '1 hour' where id = $1`,
      [id],
    ));

  const endOf = async ({ id }: Pick<GuardedSession, 'id'>): Promise<unknown> => {
    const { rows } = await scene.guard.database.pool.pg.query(
      `select e.type, e.at = coalesce(s.deleted_at, s.ended_at) as same, e.at > now() + interval '59 minutes' as later
       from session_events e join sessions s on s.id = e.session_id where s.id = $1 order by e.id desc limit 1`,
      [id],
    );
    return rows[0];
  };

  test('when it is deleted alone or with others, closed, or collapsed', async () => {
    const { guard, world } = scene;
    const [alone, bulk, closed] = [
      await begin(guard, aStart(await world.task())),
      await begin(guard, aStart(await world.task())),
      await begin(guard, aStart(await world.task())),
    ];
    const legacyTask = await world.task();
    const legacy = await begin(guard, aStart(legacyTask, SONNET, { guarded: false }));
    await begin(guard, aStart(legacyTask, SONNET, { guarded: false }));
    for (const session of [alone, bulk, closed, legacy]) await changedLater(session);

    await guard.softDelete({ sessionId: alone.id });
    await guard.bulkDelete([bulk.id]);
    await guard.closeSession({ ...shown(closed), how: 'stop' });
    await begin(guard, aStart(legacyTask));

    for (const session of [alone, bulk, legacy])
      expect(await endOf(session)).toEqual({ type: 'deleted', same: true, later: true });
    expect(await endOf(closed)).toEqual({ type: 'closed', same: true, later: true });
  });
});

test('a turn that runs to its end writes as many events as before', async () => {
  const { guard, world } = scene;
  const taskId = await world.task();
  const session = await begin(guard, aStart(taskId));
  await runTurn(guard, aTurn(session, await world.attempt(taskId)), `of ${taskId}`);
  expect((await guard.events(session.id)).map(({ type }) => type)).toEqual([
    'created',
    'turn-started',
    'turn-finished',
  ]);
});
