import { rename } from 'node:fs/promises';
import { lastRuns } from '@phaselock/store';
import { silentLogger } from '@phaselock/telemetry';
import { aStart, begin, eventually, type TestGuard } from '@phaselock/testkit';
import { TestClock } from 'pg-boss';
import { expect, test, vi } from 'vitest';
import { openTestWorker } from '../test/open-test-worker.ts';
import type { Worker } from './open-worker.ts';
import { type RunningWorker, runWorker } from './run-worker.ts';

// The test clock skips hours in seconds, but each step queries the database.
vi.setConfig({ testTimeout: 120_000 });

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const NOON = '2026-11-21T12:00:00Z';

async function aDeletedSession({ guard, world }: TestGuard): Promise<void> {
  const session = await begin(guard, aStart(await world.task()));
  await guard.softDelete({ sessionId: session.id });
}

const runsOf = ({ database }: Worker) => lastRuns(database.kysely, 10);

/** Advances the clock in small steps until the condition holds. */
const passUntil = (clock: TestClock, condition: () => Promise<boolean>): Promise<void> =>
  eventually(
    async () => {
      await clock.tick(5_000);
      if (!(await condition())) throw new Error('not yet');
    },
    { withinMs: 90_000 },
  );

async function started(clock: TestClock, workers: readonly Worker[]): Promise<AsyncDisposable> {
  const running: RunningWorker[] = [];
  // Workers start one after the other, because two cannot install the test clock in one database at the same time.
  for (const one of workers) running.push(await runWorker(one, silentLogger(), clock));
  return {
    [Symbol.asyncDispose]: async () => void (await Promise.all(running.map((one) => one.stop()))),
  };
}

test('starts one run for all workers at 03:00 UTC, which archives and purges what is due', async () => {
  await using test = await openTestWorker();
  await aDeletedSession(test.home);
  const clock = new TestClock(NOON);
  const [one, other] = [await test.another(), await test.another()];
  await using _running = await started(clock, [one, other]);
  await clock.tick(2 * MINUTE);
  expect(await runsOf(one)).toEqual([]);

  await clock.setTime('2026-11-22T03:00:05Z');
  await passUntil(clock, async () => (await runsOf(one))[0]?.finishedAt != null);
  await clock.tick(10 * MINUTE);
  expect(await runsOf(one)).toMatchObject([{ archived: 1, purged: 1, failed: 0 }]);
});

test('makes up once for a missed 03:00 run, even when two workers start together', async () => {
  await using test = await openTestWorker();
  const clock = new TestClock(NOON);
  const [one, other] = [await test.another(), await test.another()];
  {
    await using _yesterday = await started(clock, [one]);
    await clock.tick(2 * MINUTE);
  }
  for (let made = 0; made < 3; made += 1) await aDeletedSession(test.home);
  // No worker runs for two nights.
  await clock.setTime(Date.parse(NOON) + 46 * HOUR);
  await using _today = await started(clock, [one, other]);
  await passUntil(clock, async () => (await runsOf(one))[0]?.finishedAt != null);
  await clock.tick(30 * MINUTE);
  expect(await runsOf(one)).toMatchObject([{ archived: 3, purged: 3, failed: 0 }]);
});

test('does not start a second run on a lane that is still busy', async () => {
  await using test = await openTestWorker();
  await aDeletedSession(test.home);
  const clock = new TestClock(NOON);
  const worker = await test.another({ schedule: '*/10 * * * *', lanes: 1 });
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let held = 0;
  const slow: Worker = {
    ...worker,
    lane: (distrusted) => ({
      ...worker.lane(distrusted),
      pace: async () => {
        held += 1;
        await released;
      },
    }),
  };
  await using _running = await started(clock, [slow]);
  await passUntil(clock, async () => held === 1);
  await clock.tick(25 * MINUTE);
  const during = await runsOf(worker);
  expect(during.length).toBeGreaterThanOrEqual(3);
  expect(held).toBe(1);
  // The later runs found no free lane and have ended.
  expect(during.filter(({ finishedAt }) => finishedAt === null)).toHaveLength(1);
  release();
  await passUntil(clock, async () => (await runsOf(worker)).every(({ finishedAt }) => finishedAt !== null));
  const all = await runsOf(worker);
  expect(all.reduce((sum, { archived }) => sum + archived, 0)).toBe(1);
});

test('keeps a run open while the store is not the known one, and finishes it when the store is back', async () => {
  await using test = await openTestWorker();
  await aDeletedSession(test.home);
  const worker = await test.another();
  await worker.checkStore();
  await rename(test.folder, `${test.folder}-away`);
  const clock = new TestClock(NOON);
  await using _running = await started(clock, [worker]);
  await clock.setTime('2026-11-22T03:00:05Z');
  await passUntil(clock, async () =>
    /phaselock_archive_failures_total\{code="store_changed"\} [1-9]/.test(
      (await worker.telemetry.answerScrape(undefined)).text,
    ),
  );
  expect(await runsOf(worker)).toMatchObject([{ finishedAt: null, archived: 0 }]);
  await rename(`${test.folder}-away`, test.folder);
  await passUntil(clock, async () => (await runsOf(worker))[0]?.finishedAt != null);
  expect(await runsOf(worker)).toMatchObject([{ archived: 1, purged: 1, failed: 0 }]);
});

test('four workers can start on a fresh database at the same time', async () => {
  await using test = await openTestWorker();
  const workers = await Promise.all(Array.from({ length: 4 }, () => test.another()));
  const running = await Promise.all(workers.map((one) => runWorker(one, silentLogger())));
  await Promise.all(running.map((one) => one.stop()));
});
