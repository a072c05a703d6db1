import {
  agentId,
  aStart,
  aTurn,
  begin,
  type GuardedSession,
  OPUS,
  openTestGuard,
  replaceBy,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

const USAGE = { inputTokens: 1_000, outputTokens: 200, turns: 3, costUsdMicros: 12_345 } as const;
const MORE = { inputTokens: 9_000, outputTokens: 900, turns: 9, costUsdMicros: 99_999 } as const;
const NOTHING = { inputTokens: 0, outputTokens: 0, turns: 0, costUsdMicros: 0 } as const;

async function running() {
  const { guard, world } = scene;
  const taskId = await world.task();
  const session = await begin(guard, aStart(taskId));
  const turn = aTurn(session, await world.attempt(taskId));
  return { taskId, session, turn, token: tokenOf(startedOf(await guard.startTurn(turn))) };
}

/** Everything that is stored of a session, including its version and usage. */
async function keptOf({ id }: Pick<GuardedSession, 'id'>) {
  const { guard } = scene;
  return { session: await guard.session(id), processes: await guard.processes(id), events: await guard.events(id) };
}

describe('a refused finish writes nothing', () => {
  test('with a wrong generation', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    const other = await running();
    const { generation } = await replaceBy(guard, aStart(other.taskId, OPUS));
    await guard.recordUsage(token, USAGE);
    const before = await keptOf(session);
    const finish = { ...token, generation, ending: 'completed', usage: MORE } as const;
    await expect(guard.finishTurn(finish)).rejects.toMatchObject({ code: 'stale_generation' });
    expect(await keptOf(session)).toEqual(before);
  });

  test('of a process that has already ended with another ending', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    await guard.finishTurn({ ...token, ending: 'completed', usage: USAGE });
    const before = await keptOf(session);
    const finish = { ...token, ending: 'failed', usage: MORE } as const;
    await expect(guard.finishTurn(finish)).rejects.toMatchObject({ code: 'illegal_transition' });
    expect(await keptOf(session)).toEqual(before);
  });

  test('with the conversation id of another session, and is accepted without that id', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    const other = await running();
    const taken = agentId(`taken by ${other.session.id}`);
    await guard.finishTurn({ ...other.token, ending: 'completed', agentSessionId: taken });
    const before = await keptOf(session);
    const finish = { ...token, ending: 'completed', usage: USAGE } as const;
    await expect(guard.finishTurn({ ...finish, agentSessionId: taken })).rejects.toMatchObject({
      code: 'agent_session_taken',
    });
    expect(await keptOf(session)).toEqual(before);
    await guard.finishTurn(finish);
    expect(await guard.session(session.id)).toMatchObject({ status: 'ready', usage: USAGE });
  });

  test('with another conversation id than the one it ended with', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    await guard.finishTurn({ ...token, ending: 'completed', agentSessionId: agentId(`told ${session.id}`) });
    const before = await keptOf(session);
    const agentSessionId = agentId(`late ${session.id}`);
    const finish = { ...token, ending: 'completed', usage: MORE, agentSessionId } as const;
    await expect(guard.finishTurn(finish)).rejects.toMatchObject({ code: 'stale_process' });
    expect(await keptOf(session)).toEqual(before);
  });

  test('of a process of another session', async () => {
    const { guard } = scene;
    const [one, other] = [await running(), await running()];
    const before = [await keptOf(one.session), await keptOf(other.session)];
    const finish = { ...one.token, processId: other.token.processId, ending: 'completed', usage: MORE } as const;
    await expect(guard.finishTurn(finish)).rejects.toMatchObject({ code: 'process_not_found' });
    expect([await keptOf(one.session), await keptOf(other.session)]).toEqual(before);
  });

  test('with invalid usage totals', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    const before = await keptOf(session);
    const finish = { ...token, ending: 'completed', usage: { ...USAGE, turns: -1 } } as const;
    await expect(guard.finishTurn(finish)).rejects.toMatchObject({ code: 'invalid_request' });
    expect(await keptOf(session)).toEqual(before);
  });
});

describe('late usage totals', () => {
  test('never lower any total', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    await guard.recordUsage(token, USAGE);
    await guard.recordUsage(token, { inputTokens: 1, outputTokens: 500, turns: 1, costUsdMicros: 1 });
    expect((await guard.session(session.id)).usage).toEqual({ ...USAGE, outputTokens: 500 });
    await guard.finishTurn({ ...token, ending: 'completed', usage: { ...NOTHING, turns: 4 } });
    expect((await guard.session(session.id)).usage).toEqual({ ...USAGE, outputTokens: 500, turns: 4 });
  });

  test('of an earlier process do not lower the usage of a later one', async () => {
    const { guard } = scene;
    const { session, turn, token } = await running();
    const finish = { ...token, ending: 'completed', agentSessionId: agentId(`told ${session.id}`) } as const;
    await guard.finishTurn({ ...finish, usage: USAGE });
    const next = tokenOf(startedOf(await guard.startTurn(turn)));
    await guard.recordUsage(next, USAGE);
    await guard.finishTurn({ ...finish, usage: NOTHING });
    expect((await guard.session(session.id)).usage).toMatchObject({ inputTokens: 2_000, costUsdMicros: 24_690 });
    await guard.finishTurn({ ...finish, usage: { ...USAGE, inputTokens: 1_500 } });
    expect((await guard.session(session.id)).usage).toMatchObject({ inputTokens: 2_500, costUsdMicros: 24_690 });
  });

  test('sent concurrently and in any order result in the greatest', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    const totals = [7, 3, 9, 1, 8, 2].map((turns) => ({ ...USAGE, turns }));
    await Promise.all(totals.map((usage) => guard.recordUsage(token, usage)));
    expect((await guard.session(session.id)).usage).toEqual({ ...USAGE, turns: 9 });
  });
});

describe('the version of a session', () => {
  test('grows only if the usage grows', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    const version = async () => (await guard.session(session.id)).version;
    const before = await version();
    await guard.recordUsage(token, USAGE);
    expect(await version()).toBe(before + 1);
    await guard.recordUsage(token, USAGE);
    await guard.recordUsage(token, NOTHING);
    expect(await version()).toBe(before + 1);
    await guard.recordUsage(token, { ...USAGE, outputTokens: 201 });
    expect(await version()).toBe(before + 2);
  });

  test('returned by a finish is the stored one, also if the finish is repeated with more usage', async () => {
    const { guard } = scene;
    const { session, token } = await running();
    const first = await guard.finishTurn({ ...token, ending: 'completed', usage: USAGE });
    expect(await guard.session(session.id)).toMatchObject({ version: first.version, usage: USAGE });
    const again = await guard.finishTurn({ ...token, ending: 'completed', usage: USAGE });
    expect(again).toEqual(first);
    const more = await guard.finishTurn({ ...token, ending: 'completed', usage: MORE });
    expect(more.version).toBe(first.version + 1);
    expect(await guard.session(session.id)).toMatchObject({ version: more.version, usage: MORE });
  });

  test('grows with usage that is reported after its replacement', async () => {
    const { guard } = scene;
    const { taskId, session, token } = await running();
    await replaceBy(guard, aStart(taskId, OPUS));
    const { version } = await guard.session(session.id);
    await guard.recordUsage(token, USAGE);
    expect(await guard.session(session.id)).toMatchObject({ version: version + 1, usage: USAGE });
  });
});
