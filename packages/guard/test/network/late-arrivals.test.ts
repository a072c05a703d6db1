import type { ProjectId } from '@phaselock/core';
import { readFlagStates, setFlag } from '@phaselock/store';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  createTestDatabase,
  createWorld,
  holdLock,
  SONNET_NEXT,
  startedOf,
  stepClockOf,
  tokenOf,
} from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { IdempotencyKey } from '../../src/idempotency.ts';
import { type OpenGuard, openGuard } from '../../src/open-guard.ts';
import { type StatementHoldingProxy, statementHoldingProxy } from './statement-holding-proxy.ts';

let resources: AsyncDisposableStack;
let databaseUrl: string;
let proxy: StatementHoldingProxy;
let steady: OpenGuard;
/** Connects through the proxy, and has a short deadline. */
let impatient: OpenGuard;

beforeEach(async () => {
  resources = new AsyncDisposableStack();
  databaseUrl = resources.use(await createTestDatabase()).url;
  proxy = resources.use(await statementHoldingProxy(databaseUrl));
  steady = resources.use(await openGuard({ databaseUrl, invalidation: 'memory' }));
  const settings = { deadlineMs: 800 };
  impatient = resources.use(await openGuard({ databaseUrl: proxy.url, invalidation: 'memory', settings }));
});
afterEach(() => resources.disposeAsync());

async function running() {
  const world = await createWorld(steady);
  const taskId = await world.task();
  const session = await begin(steady, aStart(taskId));
  const attemptId = await world.attempt(taskId);
  return tokenOf(startedOf(await steady.startTurn(aTurn(session, attemptId))));
}
type Token = Awaited<ReturnType<typeof running>>;

const totals = (of: number) => ({ inputTokens: of, outputTokens: of, turns: of, costUsdMicros: of });

/** Every report of a process, with the name of the SQL statement that writes it. */
const REPORTS: readonly [statement: string, tell: (guard: OpenGuard, token: Token) => Promise<unknown>][] = [
  ['record_usage', (guard, token) => guard.recordUsage(token, totals(20))],
  ['finish_turn', (guard, token) => guard.finishTurn({ ...token, ending: 'completed', usage: totals(20) })],
  ['report_agent_session', (guard, token) => guard.reportAgentSession(token, agentId('late'))],
  ['append_logs', (guard, token) => guard.appendLogs(token, [{ kind: 'stdout', line: 'late' }])],
  ['heartbeat', (guard, token) => guard.heartbeat(token)],
  ['close_session', (guard, token) => guard.closeSession({ ...token, how: 'stop' })],
];

const told = async ({ sessionId }: Token) => ({
  session: await steady.session(sessionId),
  processes: await steady.processes(sessionId),
  logs: await steady.logs(sessionId, { limit: 10 }),
});

const GIVEN_UP = { code: 'backend_unavailable', retryable: true };

describe.each(REPORTS)('%s, after its caller got a 503', (statement, tell) => {
  test('writes nothing when it reaches the server later', async () => {
    const token = await running();
    const before = await told(token);
    await impatient.recordUsage(token, totals(0));
    const late = proxy.hold(`${statement}\0`);
    const answered = expect(tell(impatient, token)).rejects.toMatchObject(GIVEN_UP);
    await late.onItsWay;
    await answered;
    await late.arrive();
    expect(await told(token)).toEqual(before);
  });

  test('writes nothing when the lock it waited for is released later', async () => {
    const token = await running();
    const before = await told(token);
    await using holder = await holdLock(databaseUrl, 'select from sessions where id = $1 for update', [
      token.sessionId,
    ]);
    await expect(tell(impatient, token)).rejects.toMatchObject({ retryable: true });
    await holder.letGo();
    expect(await told(token)).toEqual(before);
  });
});

test('a usage report answered with 503 does not overwrite a later one', async () => {
  const token = await running();
  await impatient.recordUsage(token, totals(1));
  const late = proxy.hold('record_usage\0');
  await expect(impatient.recordUsage(token, totals(20))).rejects.toMatchObject(GIVEN_UP);
  await steady.recordUsage(token, totals(10));
  await late.arrive();
  const [process] = await steady.processes(token.sessionId);
  expect(process).toMatchObject({ input_tokens: 10, output_tokens: 10, turns: 10, cost_usd_micros: 10 });
});

test('the first write of a new process also takes no effect after its deadline', async () => {
  const token = await running();
  const late = proxy.hold('record_usage\0');
  await expect(impatient.recordUsage(token, totals(20))).rejects.toMatchObject(GIVEN_UP);
  await late.arrive();
  expect(await steady.session(token.sessionId)).toMatchObject({ usage: totals(0) });
});

describe('a turn, after its caller got a 503', () => {
  const key: IdempotencyKey = { scope: 'a caller', key: 'a key', fingerprint: 'its request' };

  test.each([
    ['without a key', 'begin_turn\0', {}],
    ['with a key', 'take_idempotency_key\0', { idempotencyKey: key }],
    [
      'with a new session model',
      'in_time\0',
      { model: { agent: 'claude-code', model: SONNET_NEXT }, say: { kind: 'keep' } },
    ],
  ] as const)('%s, does not begin when it reaches the server later', async (_, statement, more) => {
    const world = await createWorld(steady);
    const taskId = await world.task();
    const session = await begin(steady, aStart(taskId));
    const attemptId = await world.attempt(taskId);
    const before = await steady.session(session.id);
    const late = proxy.hold(statement);
    await expect(impatient.startTurn(aTurn(session, attemptId, more))).rejects.toMatchObject({ retryable: true });
    await late.arrive();
    expect(await steady.processes(session.id)).toEqual([]);
    expect(await steady.session(session.id)).toEqual(before);
  });
});

test('a report answered with 503 also takes no effect after the database clock stepped back', async () => {
  await using clock = await stepClockOf(databaseUrl);
  await clock.setAhead(3_600_000);
  await using stepped = await openGuard({
    databaseUrl: proxy.url,
    invalidation: 'memory',
    settings: { deadlineMs: 800 },
  });
  const token = await running();
  await stepped.recordUsage(token, totals(1));
  const late = proxy.hold('record_usage\0');
  await expect(stepped.recordUsage(token, totals(20))).rejects.toMatchObject(GIVEN_UP);
  await clock.setAhead(0);
  await steady.recordUsage(token, totals(10));
  await late.arrive();
  expect(await steady.session(token.sessionId)).toMatchObject({ usage: totals(10) });
  // A write whose caller still waits is retried after the server has reported its new clock.
  await stepped.recordUsage(token, totals(30));
  expect(await steady.session(token.sessionId)).toMatchObject({ usage: totals(30) });
});

test('a start that reaches the server after its caller got a 503 opens no session', async () => {
  const world = await createWorld(steady);
  const taskId = await world.task();
  const late = proxy.hold('open_session\0');
  await expect(impatient.start(aStart(taskId))).rejects.toMatchObject({ retryable: true });
  await late.arrive();
  expect((await steady.list({ taskId, includeDeleted: true }, { limit: 10 })).sessions).toEqual([]);
});

test('a deletion that reaches the server after its caller got a 503 deletes nothing', async () => {
  const world = await createWorld(steady);
  const session = await begin(steady, aStart(await world.task()));
  const late = proxy.hold('delete_session\0');
  await expect(impatient.softDelete({ sessionId: session.id })).rejects.toMatchObject({ retryable: true });
  await late.arrive();
  expect(await steady.session(session.id)).toMatchObject({ deletedAt: null });
});

test.each([
  [
    'a flag',
    'set_flag',
    async (guard: OpenGuard) =>
      await guard.answerInTime(() => setFlag(guard.database, { name: 'single_session_guard', enabled: false })),
  ],
  [
    'a project',
    'update "projects"',
    async (guard: OpenGuard, projectId: ProjectId) => await guard.editProject(projectId, { name: 'late' }),
  ],
] as const)('an edit of %s answered with 503 is not applied when it arrives later', async (_, statement, set) => {
  const { projectId } = await createWorld(steady);
  const read = async () => [await readFlagStates(steady.database), await steady.project(projectId)];
  const before = await read();
  const late = proxy.hold(statement);
  await expect(set(impatient, projectId)).rejects.toMatchObject(GIVEN_UP);
  await late.arrive();
  expect(await read()).toEqual(before);
});

test('a slow database without a held lock is reported as backend_unavailable', async () => {
  const world = await createWorld(steady);
  const session = await begin(steady, aStart(await world.task()));
  await steady.database.pool.pg.query(`
    create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(3); return new; end $$;
    create trigger slow before update on sessions for each row execute function slowly()`);
  await expect(impatient.softDelete({ sessionId: session.id })).rejects.toMatchObject({ code: 'backend_unavailable' });
});
