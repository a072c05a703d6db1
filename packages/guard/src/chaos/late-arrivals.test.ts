import type { ProjectId } from '@phaselock/core';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  createTestDatabase,
  createWorld,
  holdLock,
  startedOf,
  tokenOf,
} from '@phaselock/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type OpenGuard, openGuard } from '../open-guard.ts';
import { type StatementHoldingProxy, statementHoldingProxy } from './statement-holding-proxy.ts';

let resources: AsyncDisposableStack;
let databaseUrl: string;
let proxy: StatementHoldingProxy;
let steady: OpenGuard;
/** Talks to the database by way of the proxy, and answers soon. */
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

/** All that a process tells, by the statement it is told with. */
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

describe.each(REPORTS)('%s, whose caller was told 503', (statement, tell) => {
  test('is not done when it arrives later', async () => {
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

  test('is not done when the lock it waited for is let go later', async () => {
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

test('a report of usage that was answered 503 does not land after a later one', async () => {
  const token = await running();
  await impatient.recordUsage(token, totals(1));
  const late = proxy.hold('record_usage\0');
  await expect(impatient.recordUsage(token, totals(20))).rejects.toMatchObject(GIVEN_UP);
  await steady.recordUsage(token, totals(10));
  await late.arrive();
  const [process] = await steady.processes(token.sessionId);
  expect(process).toMatchObject({ input_tokens: 10, output_tokens: 10, turns: 10, cost_usd_micros: 10 });
});

test('the first write of a program knows the clock of the server, too', async () => {
  const token = await running();
  const late = proxy.hold('record_usage\0');
  await expect(impatient.recordUsage(token, totals(20))).rejects.toMatchObject(GIVEN_UP);
  await late.arrive();
  expect(await steady.session(token.sessionId)).toMatchObject({ usage: totals(0) });
});

test('a start that arrives after its caller was told 503 opens nothing', async () => {
  const world = await createWorld(steady);
  const taskId = await world.task();
  const late = proxy.hold('open_session\0');
  await expect(impatient.start(aStart(taskId))).rejects.toMatchObject({ retryable: true });
  await late.arrive();
  expect((await steady.list({ taskId, includeDeleted: true }, { limit: 10 })).sessions).toEqual([]);
});

test('a deletion that arrives after its caller was told 503 deletes nothing', async () => {
  const world = await createWorld(steady);
  const session = await begin(steady, aStart(await world.task()));
  const late = proxy.hold('delete_session\0');
  await expect(impatient.softDelete({ sessionId: session.id })).rejects.toMatchObject({ retryable: true });
  await late.arrive();
  expect(await steady.session(session.id)).toMatchObject({ deletedAt: null });
});

test.each([
  ['a flag', 'update "flags"', (guard: OpenGuard) => guard.setFlag({ name: 'single_session_guard', enabled: false })],
  [
    'a project',
    'update "projects"',
    async (guard: OpenGuard, projectId: ProjectId) => await guard.editProject(projectId, { name: 'late' }),
  ],
] as const)('%s that was set, and answered 503, is not set when that arrives later', async (_, statement, set) => {
  const { projectId } = await createWorld(steady);
  const read = async () => [await steady.readFlags(), await steady.project(projectId)];
  const before = await read();
  const late = proxy.hold(statement);
  await expect(set(impatient, projectId)).rejects.toMatchObject(GIVEN_UP);
  await late.arrive();
  expect(await read()).toEqual(before);
});
