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
  return { session, turn, token, told: agentId(`told ${session.id}`) };
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
