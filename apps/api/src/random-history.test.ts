import { expect, test } from 'vitest';
import { judgeHistory, judgeMeanwhile } from '../../../packages/audit/test/random-history/judge-history.ts';
import { openHistoryArchive } from '../../../packages/audit/test/random-history/open-history-archive.ts';
import { openRandomHistory } from '../../../packages/audit/test/random-history/random-history.ts';
import { neverSucceeded } from '../../../packages/audit/test/random-history/reach.ts';
import { openTestApi } from '../test/open-test-api.ts';
import { callsOverHttp } from '../test/random-history/calls-over-http.ts';

const CALLS = Number(process.env.PHASELOCK_TEST_HISTORY_CALLS ?? 400);
const SENT_OVER_HTTP = ['start', 'turn', 'heartbeat', 'conversation', 'logs', 'usage', 'finish', 'feedback'] as const;
const SEED = Number(process.env.PHASELOCK_TEST_HISTORY_SEEDS ?? 11);

test('no audit of a random history made over HTTP has a finding', { timeout: 60_000 + CALLS * 200 }, async () => {
  const logged: string[] = [];
  await using home = await openTestApi({}, undefined, (line) => logged.push(line));
  await using archive = await openHistoryArchive();
  const { guard } = home.api;
  const history = await openRandomHistory({
    home: { guard, world: home.world, databaseUrl: home.databaseUrl },
    seed: SEED,
    purge: () => archive.purge(guard.database),
    open: async (settings) => callsOverHttp(home, settings),
  });
  // Sessions from before the rollout.
  history.board.settings.guardOn = false;
  await history.goOn(CALLS / 4);
  history.board.settings.guardOn = true;
  const [meanwhile] = await Promise.all([judgeMeanwhile(history, archive.read), history.goOn((CALLS * 3) / 4)]);
  expect(meanwhile).toEqual([]);
  expect(neverSucceeded(history, SENT_OVER_HTTP)).toEqual([]);
  expect(await judgeHistory(history, { archive: archive.read, logged, seal: undefined })).toEqual([]);
});
