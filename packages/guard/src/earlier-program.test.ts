import { agentId, aStart, aTurn, begin, openTestGuard, startedOf, type TestGuard, tokenOf } from '@phaselock/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { TurnToken } from './running-turn.ts';

let scene: TestGuard;
beforeAll(async () => {
  scene = await openTestGuard();
});
afterAll(() => scene[Symbol.asyncDispose]());

const sql = async (text: string, values: unknown[]) =>
  (await scene.guard.database.pool.pg.query<Record<string, unknown>>(text, values)).rows;

/** The SQL calls of the previous release, which still runs beside this one during an upgrade. */
const earlier = {
  finish: ({ sessionId, generation, processId }: TurnToken, id: string | null) =>
    sql(`select outcome from finish_turn($1, $2, $3, 'completed', '{running,lost}', 0, $4, false, null)`, [
      sessionId,
      generation,
      processId,
      id,
    ]),
  tellId: ({ sessionId, generation, processId }: TurnToken, id: string) =>
    sql('select report_agent_session($1, $2, $3, $4) as outcome', [sessionId, generation, processId, id]),
  log: ({ sessionId, generation, processId }: TurnToken, line: string) =>
    sql(`select append_logs($1, $2, $3, '{stdout}', $4) as outcome`, [sessionId, generation, processId, [line]]),
  recordUsage: ({ sessionId, processId }: TurnToken, inputTokens: number) =>
    sql('select record_usage($1, $2, $3, 0, 0, 0) as outcome', [sessionId, processId, inputTokens]),
  beat: ({ sessionId, generation, processId }: TurnToken) =>
    sql('select outcome from heartbeat($1, $2, $3, 30000)', [sessionId, generation, processId]),
};

async function running() {
  const { guard, world } = scene;
  const taskId = await world.task();
  const session = await begin(guard, aStart(taskId));
  const turn = aTurn(session, await world.attempt(taskId));
  const token = tokenOf(startedOf(await guard.startTurn(turn)));
  return { taskId, session, turn, token, told: agentId(`told ${session.id}`) };
}

describe('a runner of the previous release', () => {
  test('can report and finish as before', async () => {
    const { session, token, told } = await running();
    expect(await earlier.beat(token)).toEqual([{ outcome: 'renewed' }]);
    expect(await earlier.tellId(token, told)).toEqual([{ outcome: 'reported' }]);
    expect(await earlier.log(token, 'a line')).toEqual([{ outcome: 'appended' }]);
    expect(await earlier.recordUsage(token, 10)).toEqual([{ outcome: 'recorded' }]);
    expect(await earlier.finish(token, told)).toEqual([{ outcome: 'finished' }]);
    expect(await scene.guard.session(session.id)).toMatchObject({
      status: 'ready',
      agentSessionId: told,
      usage: { inputTokens: 10 },
    });
  });

  test('keeps the id that another one overwrites', async () => {
    const { session, token, told } = await running();
    const later = `later ${told}`;
    expect(await earlier.tellId(token, told)).toEqual([{ outcome: 'reported' }]);
    expect(await earlier.finish(token, later)).toEqual([{ outcome: 'finished' }]);
    expect(await sql('select agent_session_id from earlier_conversations where session_id = $1', [session.id])).toEqual(
      [{ agent_session_id: told }],
    );
  });

  test('that takes such a conversation up, without knowing its session, continues that session', async () => {
    const { guard } = scene;
    const { taskId, session, turn, token, told } = await running();
    await earlier.tellId(token, told);
    await earlier.finish(token, `later ${told}`);
    await guard.softDelete({ sessionId: session.id });
    const next = await begin(guard, aStart(taskId));
    const processId = '10000000-0000-7000-8000-000000000001';
    const [begun] = await sql(
      `select outcome from begin_turn($1, $2, 1, $3, $4, 'CodingAgentFollowUpRequest', 'same-model', $5, $5, false,
         'claude-code', null, null, null, '{}', true, null, null, null, 30000, null)`,
      [next.id, next.generation, turn.attemptId, processId, told],
    );
    expect(begun).toEqual({ outcome: 'started' });
    expect(await sql('select conversation_of from sessions where id = $1', [next.id])).toEqual([
      { conversation_of: session.id },
    ]);
  });

  describe('that was lost, after its successor has begun,', () => {
    let was: Awaited<ReturnType<typeof running>>;
    beforeEach(async () => {
      was = await running();
      await earlier.tellId(was.token, was.told);
      await sql("update sessions set lease_expires_at = clock_timestamp() - interval '1 s' where id = $1", [
        was.session.id,
      ]);
      startedOf(await scene.guard.startTurn(was.turn));
    });

    test('is fenced and cannot write into the conversation', async () => {
      const { session, token, told } = was;
      expect(await earlier.beat(token)).toEqual([{ outcome: 'not-running' }]);
      expect(await earlier.tellId(token, `zombie ${session.id}`)).toEqual([{ outcome: 'stale' }]);
      expect(await earlier.log(token, 'too late')).toEqual([{ outcome: 'stale' }]);
      expect(await earlier.finish(token, `zombie ${session.id}`)).toEqual([{ outcome: 'stale' }]);
      expect(await scene.guard.session(session.id)).toMatchObject({ status: 'running', agentSessionId: told });
      expect((await scene.guard.logs(session.id, { limit: 10 })).items).toEqual([]);
    });

    test('may still report its ending, and its successor keeps the lease', async () => {
      const { session, token } = was;
      const { leaseExpiresAt } = await scene.guard.session(session.id);
      expect(await earlier.finish(token, null)).toEqual([{ outcome: 'finished' }]);
      expect(await scene.guard.session(session.id)).toMatchObject({ status: 'running', leaseExpiresAt });
      expect(await scene.guard.processes(session.id)).toMatchObject([{ status: 'completed' }, { status: 'running' }]);
    });
  });
});
