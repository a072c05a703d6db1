import type { OpenGuard } from '@phaselock/guard';
import { chainNextTasks } from '@phaselock/store';
import { openTestGuard, readMetric } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { guardOfClient } from '../test/random-history/guard-of-client.ts';
import { judgeHistory, judgeMeanwhile } from '../test/random-history/judge-history.ts';
import { openHistoryArchive } from '../test/random-history/open-history-archive.ts';
import { openRandomHistory } from '../test/random-history/random-history.ts';
import { tellReach, unreached } from '../test/random-history/reach.ts';
import { writeAsBefore } from '../test/random-history/write-as-before.ts';
import { sealHistory } from '../test/seal-history.ts';
import type { OpenedSeal } from './evidence/open-seal.ts';

const CALLS = Number(process.env.PHASELOCK_TEST_HISTORY_CALLS ?? 800);
const SEEDS = (process.env.PHASELOCK_TEST_HISTORY_SEEDS ?? '1').split(',').map(Number);
/** Calls between two judgements. */
const STRETCH = Math.max(250, CALLS / 20);
/** From this many calls on, every operation is reached with every kind of answer. */
const REACHES_ALL = 10_000;

const EVERY_TASK = { tasks: 100_000, events: 10_000_000, waitMs: 1_000 };

test.for(SEEDS)(
  'no audit of a random history has a finding, seed %i',
  { timeout: 60_000 + CALLS * 200 },
  async (seed) => {
    await using home = await openTestGuard();
    await using archive = await openHistoryArchive();
    const { database } = home.guard;
    const logged: string[] = [];
    let chained = false;
    const history = await openRandomHistory({
      home,
      seed,
      // The archive chains what it takes, so the release before the chains has archived nothing here.
      purge: async () => (chained ? await archive.purge(database) : 0),
      open: (settings) => guardOfClient(home, settings, (line) => logged.push(line)),
    });
    await history.goOn(STRETCH);
    await writeAsBefore(home.databaseUrl);
    chained = true;
    let seal: OpenedSeal | undefined;
    for (let made = STRETCH; made < CALLS; made += STRETCH) {
      const [meanwhile] = await Promise.all([judgeMeanwhile(history, archive.read), history.goOn(STRETCH)]);
      expect(meanwhile).toEqual([]);
      expect(await judgeHistory(history, { archive: archive.read, logged, seal })).toEqual([]);
      // The seal covers every event, so all of them must be chained first.
      if (seal === undefined) await chainNextTasks(database, EVERY_TASK);
      seal = await sealHistory(home.databaseUrl);
    }
    if (CALLS < REACHES_ALL) return;
    await tellReach(history, database.pool.pg);
    expect(await unreached(history, database.pool.pg)).toEqual([]);
  },
);

test('no audit of a history has a finding whose clients share a guard, so that their writes travel together', {
  timeout: 120_000,
}, async () => {
  await using home = await openTestGuard();
  await using archive = await openHistoryArchive();
  const logged: string[] = [];
  const [seed = 1] = SEEDS;
  let shared: Promise<OpenGuard> | undefined;
  const history = await openRandomHistory({
    home,
    seed,
    clients: 12,
    purge: () => archive.purge(home.guard.database),
    open: (settings) => {
      const groups = { flights: 1, most: 4, countedMs: 10 };
      shared ??= guardOfClient(home, settings, (line) => logged.push(line), { groups });
      return shared;
    },
  });
  await history.goOn(STRETCH);
  expect(await judgeHistory(history, { archive: archive.read, logged, seal: undefined })).toEqual([]);
  const guard = await shared;
  if (guard === undefined) throw new Error('no client opened a guard');
  const writes = await readMetric(guard, 'phaselock_writes_per_statement_sum');
  const statements = await readMetric(guard, 'phaselock_writes_per_statement_count');
  expect(writes).toBeGreaterThan(statements);
});
