import { parseTaskId, type TaskId } from '@phaselock/core';
import { deadlineIn } from '@phaselock/locking';
import {
  agentId,
  allSessions,
  aStart,
  aTurn,
  begin,
  confirmed,
  createTestDatabase,
  createWorld,
  eventually,
  holdLock,
  holdSlot,
  lockedBy,
  OPUS,
  readMetric,
  sessionOf,
  shown,
  startedOf,
  tokenOf,
  type World,
} from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createCallerTime } from '../../src/caller-time.ts';
import { type OpenGuard, type OpenGuardOptions, openGuard } from '../../src/open-guard.ts';
import { type AnswerLosingProxy, answerLosingProxy } from './answer-losing-proxy.ts';
import { statementHoldingProxy } from './statement-holding-proxy.ts';
import { translatingProxy } from './translating-proxy.ts';

let resources: AsyncDisposableStack;
let databaseUrl: string;
let proxy: AnswerLosingProxy;
/** Its calls have no company. */
let steady: OpenGuard;
let world: World;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  const database = resources.use(await createTestDatabase());
  databaseUrl = database.url;
  proxy = resources.use(await answerLosingProxy(databaseUrl));
  steady = resources.use(await openGuard({ databaseUrl, invalidation: 'memory' }));
  world = await createWorld(steady);
});
afterEach(() => resources.disposeAsync());

/** A guard that sends writes of one function only when so many have arrived, as one statement. */
const guardInGroupsOf = async (most: number, options: Partial<OpenGuardOptions> = {}): Promise<OpenGuard> =>
  resources.use(
    await openGuard({
      databaseUrl,
      invalidation: 'memory',
      groups: { flights: 0, most, countedMs: 60_000 },
      ...options,
    }),
  );

const times = <Value>(count: number, make: () => Promise<Value>): Promise<Value[]> =>
  Promise.all(Array.from({ length: count }, make));

const task = () => world.task();
function taskOf(text: string): TaskId {
  const id = parseTaskId(text);
  if (id === undefined) throw new Error('not a task id');
  return id;
}
const session = async () => await begin(steady, aStart(await world.task()));
async function turn() {
  const taskId = await world.task();
  const begun = await begin(steady, aStart(taskId));
  const started = startedOf(await steady.startTurn(aTurn(begun, await world.attempt(taskId))));
  return { taskId, session: begun, token: tokenOf(started) };
}
const live = async (taskId: Parameters<typeof allSessions>[1]) =>
  (await allSessions(steady, taskId)).filter(({ deletedAt }) => deletedAt === null);

/** How many writes of a function were sent, and in how many statements. */
const sent = async (guard: OpenGuard, write: string) => ({
  writes: await readMetric(guard, 'phaselock_writes_per_statement_sum', { write }),
  statements: await readMetric(guard, 'phaselock_writes_per_statement_count', { write }),
});

/** The transaction that wrote the newest event of a task. */
const transactionOf = async (taskId: TaskId): Promise<string> => {
  const { rows } = await steady.database.pool.pg.query<{ xmin: string }>(
    'select xmin::text from session_events where task_id = $1 order by id desc limit 1',
    [taskId],
  );
  return rows[0]?.xmin ?? 'none';
};

describe.each(['optimistic', 'pessimistic'])('starts that travel together (%s)', (strategy) => {
  const inGroupsOf = (most: number, options: Partial<OpenGuardOptions> = {}) =>
    guardInGroupsOf(most, { ...lockedBy(strategy), ...options });

  test('open a session for each caller, new and in the place of another', async () => {
    const guard = await inGroupsOf(6);
    const [empty, taken] = [await times(3, task), await times(3, session)];
    const outcomes = await Promise.all([
      ...empty.map((taskId) => guard.start(aStart(taskId))),
      ...taken.map((one) => guard.start(aStart(one.slot.taskId, OPUS, confirmed(shown(one))))),
    ]);
    expect(outcomes.map(({ kind }) => kind)).toEqual([...Array(3).fill('created'), ...Array(3).fill('replaced')]);
    for (const [index, taskId] of [...empty, ...taken.map((one) => one.slot.taskId)].entries()) {
      const outcome = outcomes[index];
      if (outcome === undefined) throw new Error('a caller has no outcome');
      expect(await live(taskId)).toMatchObject([{ id: sessionOf(outcome).id }]);
    }
    if (strategy === 'optimistic') expect(await sent(guard, 'open_session')).toEqual({ writes: 6, statements: 1 });
  });

  test('replace a session of each caller with one transaction', async () => {
    const guard = await inGroupsOf(4);
    const sessions = await times(4, session);
    const outcomes = await Promise.all(
      sessions.map((one) => guard.start(aStart(one.slot.taskId, OPUS, confirmed(shown(one))))),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(4).fill('replaced'));
    const write = strategy === 'optimistic' ? 'open_session' : 'lock_slot';
    expect(await sent(guard, write)).toEqual({ writes: 4, statements: 1 });
    expect(new Set(await Promise.all(sessions.map(({ slot }) => transactionOf(slot.taskId)))).size).toBe(1);
  });

  test('leave out only the one whose slot is locked by another transaction', async () => {
    const guard = await inGroupsOf(3);
    const [locked, ...free] = await times(3, session);
    if (locked === undefined) throw new Error('no session');
    const replace = (one: typeof locked) => guard.start(aStart(one.slot.taskId, OPUS, confirmed(shown(one))));
    await using held = await holdSlot(databaseUrl, { taskId: locked.slot.taskId, phase: 'run', mode: 'standard' });
    const waiting = replace(locked);
    const outcomes = await Promise.all(free.map(replace));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['replaced', 'replaced']);
    await held.letGo();
    expect(await waiting).toMatchObject({ kind: 'replaced', predecessor: shown(locked) });
  });

  test('leave out only the one for which the session it replaces is locked by another transaction', async () => {
    const guard = await inGroupsOf(3);
    const [locked, ...free] = await times(3, session);
    if (locked === undefined) throw new Error('no session');
    const replace = (one: typeof locked) => guard.start(aStart(one.slot.taskId, OPUS, confirmed(shown(one))));
    await using held = await holdLock(databaseUrl, 'select from sessions where id = $1 for update', [locked.id]);
    const waiting = replace(locked);
    const outcomes = await Promise.all(free.map(replace));
    expect(outcomes.map(({ kind }) => kind)).toEqual(['replaced', 'replaced']);
    await held.letGo();
    expect(await waiting).toMatchObject({ kind: 'replaced', predecessor: shown(locked) });
  });

  test('leave out only the one whose task is unknown', async () => {
    const guard = await inGroupsOf(3);
    const unknown = taskOf('00000000-0000-4000-8000-000000000000');
    const [first, second] = await times(2, task);
    const settled = await Promise.allSettled(
      [first, unknown, second].map((taskId) => guard.start(aStart(taskId ?? unknown))),
    );
    expect(settled).toMatchObject([
      { status: 'fulfilled', value: { kind: 'created' } },
      { status: 'rejected', reason: { code: 'task_not_found' } },
      { status: 'fulfilled', value: { kind: 'created' } },
    ]);
  });

  test('return to each of sixteen its own session when the answer to the commit is lost', async () => {
    const guard = await inGroupsOf(16, { databaseUrl: proxy.url });
    const sessions = await times(16, session);
    const lost = proxy.loseAnswerTo('open_sessions_at_once');
    const outcomes = await Promise.all(
      sessions.map((one) => guard.start(aStart(one.slot.taskId, OPUS, confirmed(shown(one))))),
    );
    await lost;
    for (const [index, outcome] of outcomes.entries()) {
      const before = sessions[index];
      if (before === undefined) throw new Error('no session');
      expect(outcome).toMatchObject({ kind: 'replaced', predecessor: shown(before) });
      expect(await allSessions(steady, before.slot.taskId)).toHaveLength(2);
      expect(await live(before.slot.taskId)).toMatchObject([{ id: sessionOf(outcome).id }]);
    }
  });

  test('do not wait for one that takes long to decide', async () => {
    const { promise: goOn, resolve: release } = Promise.withResolvers<void>();
    let locked = 0;
    const guard = await inGroupsOf(4, {
      groups: { flights: 1, most: 4, countedMs: 20 },
      // The first start is alone. The second shares its transaction with the others.
      racepoint: async (name) => {
        if (name !== 'start:locked') return;
        locked += 1;
        if (locked === 2) await goOn;
      },
    });
    const sessions = await times(4, session);
    let done = 0;
    const outcomes = sessions.map(async (one) => {
      const { kind } = await guard.start(aStart(one.slot.taskId, OPUS, confirmed(shown(one))));
      done += 1;
      return kind;
    });
    await expect.poll(() => done).toBe(3);
    release();
    expect(await Promise.all(outcomes)).toEqual(Array(4).fill('replaced'));
  });
});

describe('writes that travel as one statement', () => {
  test('begin, report and finish a turn for each caller', async () => {
    const guard = await guardInGroupsOf(3);
    const sessions = await times(3, session);
    const turns = await Promise.all(
      sessions.map(async (one) => startedOf(await guard.startTurn(aTurn(one, await world.attempt(one.slot.taskId))))),
    );
    expect(turns.map((one) => one.session.sessionId)).toEqual(sessions.map(({ id }) => id));
    const tokens = turns.map(tokenOf);
    const usage = { inputTokens: 5, outputTokens: 3, turns: 1, costUsdMicros: 7 };
    await Promise.all(tokens.map((token, index) => guard.reportAgentSession(token, agentId(`conversation ${index}`))));
    await Promise.all(
      tokens.map((token, index) => guard.appendLogs(token, [{ kind: 'stdout', line: `"\\ \t${index}` }])),
    );
    await Promise.all(tokens.map((token) => guard.recordUsage(token, usage)));
    const beats = await Promise.all(tokens.map((token) => guard.heartbeat(token)));
    expect(beats.map(({ kind }) => kind)).toEqual(['continue', 'continue', 'continue']);
    await Promise.all(tokens.map((token) => guard.finishTurn({ ...token, ending: 'completed' })));
    for (const [index, { sessionId }] of tokens.entries()) {
      expect(await steady.processes(sessionId)).toMatchObject([
        { status: 'completed', agent_session_id: `conversation ${index}` },
      ]);
      const { rows } = await steady.database.pool.pg.query('select line from session_logs where session_id = $1', [
        sessionId,
      ]);
      expect(rows).toEqual([{ line: `"\\ \t${index}` }]);
    }
    for (const write of [
      'begin_turn',
      'report_agent_session',
      'append_logs',
      'record_usage',
      'heartbeat',
      'finish_turn',
    ])
      expect(await sent(guard, write), write).toEqual({ writes: 3, statements: 1 });
  });
});

describe('one write of a group that cannot be carried out leaves the others alone:', () => {
  test('its idempotency key belongs to another request', async () => {
    const guard = await guardInGroupsOf(3, lockedBy('optimistic'));
    const tasks = await times(3, task);
    const settled = await Promise.allSettled(
      tasks.map((taskId, index) =>
        guard.start({
          ...aStart(taskId),
          idempotencyKey: { scope: 'a caller', key: index === 2 ? 'another' : 'one', fingerprint: String(index) },
        }),
      ),
    );
    const kinds = settled.map((one) => (one.status === 'fulfilled' ? one.value.kind : one.reason.code));
    expect(kinds[2]).toBe('created');
    expect(kinds.slice(0, 2).sort()).toEqual(['created', 'idempotency_key_reused']);
  });

  test('its text cannot be stored', async () => {
    const guard = await guardInGroupsOf(3);
    const turns = await times(3, turn);
    const lines = ['one', 'nul \u0000', 'three'];
    const settled = await Promise.allSettled(
      turns.map(({ token }, index) => guard.appendLogs(token, [{ kind: 'stdout', line: lines[index] ?? '' }])),
    );
    expect(settled).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'invalid_request' } },
      { status: 'fulfilled' },
    ]);
    const { rows } = await steady.database.pool.pg.query('select line from session_logs order by line');
    expect(rows).toEqual([{ line: 'one' }, { line: 'three' }]);
  });

  test('its conversation belongs to another slot', async () => {
    const guard = await guardInGroupsOf(3);
    const [owner, ...turns] = await times(4, turn);
    if (owner === undefined) throw new Error('no turn');
    await steady.reportAgentSession(owner.token, agentId('taken'));
    const ids = ['one', 'taken', 'three'];
    const settled = await Promise.allSettled(
      turns.map(({ token }, index) => guard.reportAgentSession(token, agentId(ids[index] ?? ''))),
    );
    expect(settled).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'agent_session_taken' } },
      { status: 'fulfilled' },
    ]);
  });

  test('its session was replaced', async () => {
    const guard = await guardInGroupsOf(3);
    const turns = await times(3, turn);
    const [, replaced] = turns;
    if (replaced === undefined) throw new Error('no turn');
    const successor = sessionOf(await steady.start(aStart(replaced.taskId, OPUS, confirmed(shown(replaced.session)))));
    const beats = await Promise.all(turns.map(({ token }) => guard.heartbeat(token)));
    expect(beats).toMatchObject([
      { kind: 'continue' },
      { kind: 'stop', why: 'replaced', replacedBy: successor.id },
      { kind: 'continue' },
    ]);
  });

  test('its attempt is locked by another transaction', async () => {
    const guard = await guardInGroupsOf(3);
    const places = await times(3, async () => {
      const one = await session();
      return { one, attemptId: await world.attempt(one.slot.taskId) };
    });
    const [locked, ...free] = places;
    if (locked === undefined) throw new Error('no session');
    const startTurn = ({ one, attemptId }: typeof locked) => guard.startTurn(aTurn(one, attemptId));
    await using held = await holdLock(databaseUrl, 'select from attempts where id = $1 for update', [locked.attemptId]);
    const waiting = startTurn(locked);
    const started = await Promise.all(free.map(startTurn));
    expect(started.map(({ kind }) => kind)).toEqual(['started', 'started']);
    await held.letGo();
    expect(await waiting).toMatchObject({ kind: 'started', seq: 1 });
  });

  test('its conversation belongs to another slot, on a server whose messages are not in English', async () => {
    const german = resources.use(await translatingProxy(databaseUrl));
    const guard = await guardInGroupsOf(3, { databaseUrl: german.url });
    const [owner, ...turns] = await times(4, turn);
    if (owner === undefined) throw new Error('no turn');
    await steady.reportAgentSession(owner.token, agentId('taken'));
    const ids = ['one', 'taken', 'three'];
    const settled = await Promise.allSettled(
      turns.map(({ token }, index) => guard.reportAgentSession(token, agentId(ids[index] ?? ''))),
    );
    expect(settled).toMatchObject([
      { status: 'fulfilled' },
      { status: 'rejected', reason: { code: 'agent_session_taken' } },
      { status: 'fulfilled' },
    ]);
  });

  test('its exit code is not a number', async () => {
    const guard = await guardInGroupsOf(2);
    const [one, other] = await times(2, turn);
    if (one === undefined || other === undefined) throw new Error('no turn');
    const settled = await Promise.allSettled([
      guard.finishTurn({ ...one.token, ending: 'completed', exitCode: Number.NaN }),
      guard.finishTurn({ ...other.token, ending: 'completed', exitCode: 0 }),
    ]);
    expect(settled).toMatchObject([
      { status: 'rejected', reason: { code: 'invalid_request' } },
      { status: 'fulfilled', value: { kind: 'finished' } },
    ]);
  });

  test('another transaction is inserting its slot: its error says that the session is being modified', async () => {
    const guard = await guardInGroupsOf(2, { ...lockedBy('optimistic'), settings: { deadlineMs: 600 } });
    const [busy, free] = await times(2, task);
    if (busy === undefined || free === undefined) throw new Error('no task');
    await using held = await holdLock(
      databaseUrl,
      `insert into slots (task_id, phase, mode) values ($1, 'run', 'standard')`,
      [busy],
    );
    const [refused, started] = await Promise.allSettled([guard.start(aStart(busy)), guard.start(aStart(free))]);
    await held.letGo();
    expect(refused).toMatchObject({ status: 'rejected', reason: { code: 'session_being_modified' } });
    expect(started).toMatchObject({ status: 'fulfilled', value: { kind: 'created' } });
  });

  test('its caller is told that it failed while the group is on its way: only the others are written', async () => {
    const holding = resources.use(await statementHoldingProxy(databaseUrl));
    const time = createCallerTime();
    const guard = await guardInGroupsOf(2, { databaseUrl: holding.url, time });
    const warm = await times(2, turn);
    await Promise.all(warm.map(({ token }) => guard.appendLogs(token, [{ kind: 'stdout', line: 'before' }])));
    const [late, other] = await times(2, turn);
    if (late === undefined || other === undefined) throw new Error('no turn');
    const held = holding.hold('append_logs_grouped');
    const refused = time.run(
      deadlineIn(300, () => performance.now()),
      () => guard.appendLogs(late.token, [{ kind: 'stdout', line: 'late' }]),
    );
    const written = guard.appendLogs(other.token, [{ kind: 'stdout', line: 'in time' }]);
    await held.onItsWay;
    await expect(refused).rejects.toMatchObject({ code: 'backend_unavailable' });
    await held.pass();
    await written;
    const { rows } = await steady.database.pool.pg.query(`select line from session_logs where line <> 'before'`);
    expect(rows).toEqual([{ line: 'in time' }]);
  });

  test('its caller no longer waits', async () => {
    const guard = await guardInGroupsOf(2, { settings: { deadlineMs: 200 } });
    const [late, other] = await times(2, turn);
    if (late === undefined || other === undefined) throw new Error('no turn');
    await expect(
      guard.recordUsage(late.token, { inputTokens: 1, outputTokens: 1, turns: 1, costUsdMicros: 1 }),
    ).rejects.toMatchObject({
      code: 'backend_unavailable',
    });
    await guard.recordUsage(other.token, { inputTokens: 2, outputTokens: 2, turns: 1, costUsdMicros: 2 });
    const { rows } = await steady.database.pool.pg.query('select input_tokens from processes order by input_tokens');
    expect(rows).toEqual([{ input_tokens: 0 }, { input_tokens: 2 }]);
  });
});

describe('a write is sent alone', () => {
  test('when it is large, so that the others do not wait for it', async () => {
    const guard = await guardInGroupsOf(2);
    const turns = await times(3, turn);
    const lines = Array.from({ length: 500 }, (_, line) => ({ kind: 'stdout' as const, line: `line ${line}` }));
    const [large, ...small] = turns;
    if (large === undefined) throw new Error('no turn');
    await guard.appendLogs(large.token, lines);
    await Promise.all(small.map(({ token }) => guard.appendLogs(token, [{ kind: 'stdout', line: 'short' }])));
    expect(await sent(guard, 'append_logs')).toEqual({ writes: 2, statements: 1 });
    const { rows } = await steady.database.pool.pg.query('select count(*)::integer as lines from session_logs');
    expect(rows).toEqual([{ lines: 502 }]);
  });
});

describe('when the answer to the commit of a group of sixteen is lost,', () => {
  test('each turn returns its own process', async () => {
    const guard = await guardInGroupsOf(16, { databaseUrl: proxy.url });
    const places = await times(16, async () => {
      const one = await session();
      return { one, attemptId: await world.attempt(one.slot.taskId) };
    });
    const lost = proxy.loseAnswerTo('begin_turn_grouped');
    const turns = await Promise.all(places.map(({ one, attemptId }) => guard.startTurn(aTurn(one, attemptId))));
    await lost;
    for (const [index, { one }] of places.entries()) {
      const begun = turns[index];
      if (begun === undefined) throw new Error('no turn');
      expect(await steady.processes(one.id)).toMatchObject([{ id: startedOf(begun).processId, status: 'running' }]);
    }
  });

  test('each heartbeat says that its outcome is unknown, and the next one is answered', async () => {
    const guard = await guardInGroupsOf(16, { databaseUrl: proxy.url });
    const turns = await times(16, turn);
    const beat = () => Promise.allSettled(turns.map(({ token }) => guard.heartbeat(token)));
    const lost = proxy.loseAnswerTo('heartbeat_grouped');
    const answers = await beat();
    await lost;
    expect(answers.map((one) => (one.status === 'rejected' ? one.reason.code : one.value.kind))).toEqual(
      Array(16).fill('backend_unavailable'),
    );
    await eventually(async () => expect(await beat()).toMatchObject(Array(16).fill({ value: { kind: 'continue' } })));
  });
});
