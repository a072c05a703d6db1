import {
  agentId,
  aStart,
  aTurn,
  begin,
  lapseLease,
  OPUS,
  openTestGuard,
  replaceBy,
  runTurn,
  SONNET,
  shown,
  startedOf,
  type TestGuard,
  tokenOf,
} from '@phaselock/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everyLife } from '../../../test/every-life.ts';
import { replayEvents } from './replay-events.ts';
import { sessionChanges } from './session-changes.ts';
import { TOLD_SESSION, type ToldSession } from './told-session.ts';

const USAGE = { inputTokens: 10, outputTokens: 5, turns: 1, costUsdMicros: 7 } as const;
const MORE = { inputTokens: 20, outputTokens: 9, turns: 2, costUsdMicros: 9 } as const;

let home: TestGuard;
beforeAll(async () => {
  home = await openTestGuard();
  await everyLife(home);
  await moreLives(home);
});
afterAll(() => home[Symbol.asyncDispose]());

/** Reports during a turn, after its end, after its loss and after the end of its session. */
async function moreLives({ guard, world }: TestGuard): Promise<void> {
  const taskId = await world.task();
  const attemptId = await world.attempt(taskId);
  const reporting = await begin(guard, aStart(taskId));
  const first = startedOf(await guard.startTurn(aTurn(reporting, attemptId)));
  await guard.reportAgentSession(tokenOf(first), agentId('m1'));
  await guard.recordUsage(tokenOf(first), USAGE);
  await guard.finishTurn({ ...tokenOf(first), ending: 'completed', agentSessionId: agentId('m1'), usage: MORE });
  const second = startedOf(await guard.startTurn(aTurn(reporting, attemptId)));
  await lapseLease(home, reporting);
  const third = startedOf(await guard.startTurn(aTurn(reporting, attemptId)));
  await guard.finishTurn({ ...tokenOf(second), ending: 'failed', exitCode: 3, usage: USAGE });
  await guard.finishTurn({ ...tokenOf(third), ending: 'completed', agentSessionId: agentId('m1'), usage: USAGE });
  await guard.recordUsage(tokenOf(third), MORE);

  const stopping = await begin(guard, aStart(taskId, SONNET, { phase: 'plan' }));
  const last = startedOf(await guard.startTurn(aTurn(stopping, attemptId)));
  await replaceBy(guard, aStart(taskId, OPUS, { phase: 'plan' }));
  await guard.finishTurn({ ...tokenOf(last), ending: 'completed', usage: USAGE });

  const lost = await guard.beginStandalone(aStart(taskId));
  await guard.startTurn(aTurn(lost, attemptId));
  await lapseLease(home, lost);
  await guard.sweepLapsed();
  const killed = await guard.beginStandalone(aStart(taskId));
  const only = startedOf(await guard.startTurn(aTurn(killed, attemptId)));
  await guard.finishTurn({ ...tokenOf(only), ending: 'killed' });

  const again = await begin(guard, aStart(taskId, SONNET, { phase: 'verify' }));
  await runTurn(guard, aTurn(again, attemptId), 'm2');
  await guard.closeSession({ ...shown(again), how: 'fail' });
  await runTurn(guard, aTurn(again, attemptId), 'm3');
  await guard.closeSession({ ...shown(again), how: 'complete' });
  await guard.softDelete({ sessionId: again.id });
}

async function told(id: string): Promise<ToldSession> {
  const { rows } = await home.guard.database.pool.pg.query<{ told: string }>(TOLD_SESSION, [id]);
  const [row] = rows;
  if (row === undefined) throw new Error(`there is no session ${id}`);
  return JSON.parse(row.told);
}

test('the events of every session prove the rows that the service wrote', async () => {
  const { rows } = await home.guard.database.pool.pg.query<{ id: string }>('select id from sessions order by id');
  expect(rows.length).toBeGreaterThan(30);
  for (const { id } of rows) {
    const one = await told(id);
    const proven = replayEvents(one);
    expect(sessionChanges(one, proven), JSON.stringify(one)).toEqual({ session: [], processes: [], ahead: false });
    expect(one).toMatchObject({ unchained: 0, unfit: 0 });
    expect(Object.keys(proven.session).length).toBeGreaterThan(15);
    // Usage that was recorded during a turn has no event of its own.
    expect(Number(one.session.version)).toBeGreaterThanOrEqual(proven.version);
  }
});

test('the version of a session without usage during its turns is that of its events', async () => {
  const { rows } = await home.guard.database.pool.pg.query<{ id: string }>(
    'select id from sessions where input_tokens = 0 order by id',
  );
  expect(rows.length).toBeGreaterThan(20);
  for (const { id } of rows) {
    const one = await told(id);
    expect(one.session.version, JSON.stringify(one)).toBe(String(replayEvents(one).version));
  }
});
