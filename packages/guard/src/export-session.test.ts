import { parseSessionId } from '@phaselock/core';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  countQueries,
  OPUS,
  openTestGuard,
  replaceBy,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

describe('an export', () => {
  let scene: TestGuard;
  beforeAll(async () => {
    scene = await openTestGuard();
  });
  afterAll(() => scene[Symbol.asyncDispose]());

  async function withLogs(lines: number) {
    const { guard, world } = scene;
    const taskId = await world.task();
    const session = await begin(guard, aStart(taskId));
    const token = tokenOf(startedOf(await guard.startTurn(aTurn(session, await world.attempt(taskId)))));
    await guard.appendLogs(
      token,
      Array.from({ length: lines }, (_, index) => ({ kind: 'stdout', line: `line ${index}` }) as const),
    );
    return { taskId, session, token };
  }

  test('of a replaced session has its record, processes, events and log lines, in this order', async () => {
    const { guard } = scene;
    const { taskId, session, token } = await withLogs(2);
    await guard.appendLogs(token, [{ kind: 'result', line: 'half of it is done' }]);
    await guard.finishTurn({ ...token, ending: 'completed', agentSessionId: agentId(`of ${taskId}`) });
    await replaceBy(guard, aStart(taskId, OPUS));
    const parts = await Array.fromAsync(guard.exportSession(session.id));
    expect(parts.map(({ kind }) => kind)).toEqual([
      'session',
      'process',
      'event',
      'event',
      'event',
      'event',
      'log',
      'log',
      'log',
    ]);
    expect(parts).toMatchObject([
      { session: { id: session.id, deletedReason: 'model-changed' } },
      { process: { id: token.processId, status: 'completed' } },
      { event: { type: 'created' } },
      { event: { type: 'turn-started' } },
      { event: { type: 'turn-finished' } },
      { event: { type: 'replaced' } },
      { log: { kind: 'stdout', line: 'line 0' } },
      { log: { kind: 'stdout', line: 'line 1' } },
      { log: { kind: 'result', line: 'half of it is done' } },
    ]);
  });

  test('reads a long log page by page, as of the start of the export', async () => {
    const { guard } = scene;
    const { session, token } = await withLogs(2_500);
    const lines: string[] = [];
    const counted = await countQueries(guard, async () => {
      for await (const part of guard.exportSession(session.id)) {
        if (part.kind !== 'log') continue;
        if (lines.length === 0) await guard.appendLogs(token, [{ kind: 'stdout', line: 'too late' }]);
        lines.push(part.log.line);
      }
    });
    expect(lines).toEqual(Array.from({ length: 2_500 }, (_, index) => `line ${index}`));
    expect(counted.statements.filter((statement) => statement.includes('"session_logs"'))).toHaveLength(4);
  });

  test('that is abandoned holds no connection', async () => {
    const { guard } = scene;
    const { session } = await withLogs(10);
    for await (const part of guard.exportSession(session.id)) if (part.kind === 'log') break;
    expect(guard.database.pool.stats().active).toBe(0);
  });

  test('of an unknown session fails before its first part', async () => {
    const id = parseSessionId('00000000-0000-7000-8000-000000000000');
    if (id === undefined) throw new Error('not a session id');
    await expect(Array.fromAsync(scene.guard.exportSession(id))).rejects.toMatchObject({ code: 'session_not_found' });
  });
});
