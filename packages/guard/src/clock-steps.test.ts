import { auditOwnDatabase } from '@phaselock/audit';
import { type AttemptId, PhaselockError, type ShownSession, type TaskId } from '@phaselock/core';
import {
  agentId,
  aStart,
  aTurn,
  begin,
  confirmed,
  OPUS,
  openTestGuard,
  SONNET,
  type SteppedClock,
  shown,
  startedOf,
  stepClockOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Random, seededRandom } from '../test/faults/seeded-random.ts';
import type { OpenGuard } from './open-guard.ts';
import type { StartedTurn } from './turn-request.ts';

const HOUR_MS = 3_600_000;
const LEASE_MS = 30_000;

let scene: TestGuard;
let clock: SteppedClock;
/** Opened after the clock was replaced, because earlier connections see the real clock. */
let guard: OpenGuard;
beforeAll(async () => {
  scene = await openTestGuard();
  clock = await stepClockOf(scene.databaseUrl);
  guard = await scene.another();
});
afterAll(async () => {
  await clock[Symbol.asyncDispose]();
  await scene[Symbol.asyncDispose]();
});

async function atWork() {
  const taskId = await scene.world.task();
  const attemptId = await scene.world.attempt(taskId);
  const session = await begin(guard, aStart(taskId));
  const turn = startedOf(await guard.startTurn(aTurn(session, attemptId)));
  return { taskId, attemptId, session, turn };
}

describe('a clock that steps back an hour', () => {
  test('frees the slot of a silent runner one lease after the step', async () => {
    await clock.setAhead(HOUR_MS);
    const { session, attemptId, turn } = await atWork();
    await clock.setAhead(0);
    await guard.sweepLapsed();
    await clock.setAhead(LEASE_MS + 1_000);
    expect(await guard.sweepLapsed()).toBe(1);
    expect((await guard.processes(session.id))[0]).toMatchObject({ id: turn.processId, status: 'lost' });
    expect(await guard.startTurn(aTurn(session, attemptId, { skipContext: true }))).toMatchObject({ kind: 'started' });
  });

  test('makes a successor wait for one lease at most', async () => {
    await clock.setAhead(HOUR_MS);
    const { taskId, attemptId, session } = await atWork();
    const replaced = await guard.start(aStart(taskId, OPUS, confirmed(shown(session))));
    if (replaced.kind !== 'replaced') throw new Error(replaced.kind);
    await clock.setAhead(0);
    await guard.sweepLapsed();
    const refused = await guard.startTurn(aTurn(replaced.session, attemptId));
    if (refused.kind !== 'refused' || refused.code !== 'predecessor_stopping') throw new Error(refused.kind);
    expect(refused.retryAfterMs).toBeLessThanOrEqual(LEASE_MS);
    await clock.setAhead(LEASE_MS + 1_000);
    expect(await guard.startTurn(aTurn(replaced.session, attemptId))).toMatchObject({ kind: 'started' });
  });

  test('does not affect a runner that still sends heartbeats', async () => {
    await clock.setAhead(HOUR_MS);
    const { session, attemptId, turn } = await atWork();
    await clock.setAhead(0);
    await guard.sweepLapsed();
    expect(await guard.heartbeat(tokenOf(turn))).toMatchObject({ kind: 'continue' });
    await guard.sweepLapsed();
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ kind: 'refused', code: 'turn_running' });
    await guard.finishTurn({ ...tokenOf(turn), ending: 'completed', agentSessionId: agentId(`of ${session.id}`) });
    expect(await guard.startTurn(aTurn(session, attemptId))).toMatchObject({ kind: 'started' });
  });

  test('keeps the timestamps of a slot in the order of its events', async () => {
    await clock.setAhead(HOUR_MS);
    const { session, turn } = await atWork();
    await clock.setAhead(0);
    await guard.finishTurn({ ...tokenOf(turn), ending: 'completed', agentSessionId: agentId(`kept by ${session.id}`) });
    await guard.softDelete({ sessionId: session.id, actor: 'ada' });
    const [process] = await guard.processes(session.id);
    const gone = await guard.session(session.id);
    expect(process?.ended_at?.getTime()).toBeGreaterThanOrEqual(process?.started_at.getTime() ?? Number.NaN);
    expect(gone?.deletedAt?.getTime()).toBeGreaterThanOrEqual(process?.ended_at?.getTime() ?? Number.NaN);
  });
});

describe('random operations while the clock steps back and forth', () => {
  type Place = { readonly taskId: TaskId; readonly attemptId: AttemptId };
  type Known = { session: ShownSession | undefined; readonly turns: StartedTurn[] };
  const STEPS = 120;
  const usage = (tokens: number) => ({ inputTokens: tokens, outputTokens: 1, turns: 1, costUsdMicros: 1 });

  const operations: Readonly<Record<string, (place: Place, known: Known, random: Random) => Promise<unknown>>> = {
    async start({ taskId }, known, random) {
      const say = known.session === undefined ? {} : confirmed(known.session);
      const outcome = await guard.start(aStart(taskId, random.chance(0.5) ? SONNET : OPUS, say));
      if ('session' in outcome) known.session = shown(outcome.session);
    },
    async turn({ attemptId }, known, random) {
      if (known.session === undefined) return;
      const more = { onModelChange: 'replace' as const, skipContext: random.chance(0.2) };
      const outcome = await guard.startTurn({ ...known.session, attemptId, ...more });
      if (outcome.kind !== 'started') return;
      known.turns.push(outcome);
      known.session = outcome.session;
    },
    async finish(_place, known, random) {
      const turn = random.chance(0.7) ? known.turns.at(-1) : known.turns[random.below(known.turns.length)];
      if (turn === undefined) return;
      const agentSessionId = agentId(`told by ${turn.processId}`);
      await guard.finishTurn({ ...tokenOf(turn), ending: random.pick(['completed', 'failed']), agentSessionId });
    },
    async heartbeat(_place, known) {
      const turn = known.turns.at(-1);
      if (turn !== undefined) await guard.heartbeat(tokenOf(turn));
    },
    async usage(_place, known, random) {
      const turn = known.turns[random.below(known.turns.length)];
      if (turn !== undefined) await guard.recordUsage(tokenOf(turn), usage(random.below(1_000)));
    },
    async logs(_place, known, random) {
      const turn = known.turns[random.below(known.turns.length)];
      if (turn !== undefined) await guard.appendLogs(tokenOf(turn), [{ kind: 'stdout', line: 'a line' }]);
    },
    async delete(_place, known) {
      if (known.session !== undefined) await guard.softDelete({ sessionId: known.session.sessionId, actor: 'ada' });
      known.session = undefined;
    },
    sweep: async () => await guard.sweepLapsed(),
    step: async (_place, _known, random) => await clock.setAhead(random.below(2 * HOUR_MS)),
  };

  test.each([1, 2, 3, 4])('leave no audit error and no blocked slot (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const taskId = await scene.world.task();
    const place = { taskId, attemptId: await scene.world.attempt(taskId) };
    const known: Known = { session: undefined, turns: [] };
    const names = [...Object.keys(operations), 'start', 'turn', 'turn', 'finish', 'finish', 'step'];
    for (let n = 0; n < STEPS; n += 1) {
      const name = names[random.below(names.length)] ?? 'step';
      await operations[name]?.(place, known, random).catch((error: unknown) => {
        if (!(error instanceof PhaselockError) || error.status >= 500) throw error;
      });
    }
    expect(known.turns.length).toBeGreaterThan(3);

    await clock.setAhead(0);
    await guard.sweepLapsed();
    await clock.setAhead(LEASE_MS + 1_000);
    await guard.sweepLapsed();
    const { id: sessionId, generation } = await begin(guard, aStart(taskId, SONNET, confirmed(await liveIn(taskId))));
    const last = await guard.startTurn({ sessionId, generation, attemptId: place.attemptId, onModelChange: 'replace' });
    expect(last).toMatchObject({ kind: 'started' });
    const { findings } = await auditOwnDatabase(clock.realClockUrl);
    // A mutation changes the schema (SV303), and this test must notice what that caused.
    expect(findings.filter(({ rule, severity }) => severity === 'error' && rule !== 'SV303')).toEqual([]);
  });

  async function liveIn(taskId: TaskId): Promise<ShownSession> {
    const [live] = (await guard.list({ taskId }, { limit: 1 })).sessions;
    return shown(live ?? (await begin(guard, aStart(taskId))));
  }
});
