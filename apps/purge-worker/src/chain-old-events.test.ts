import { aStart, begin, eventually, holdLock, unchainEvents } from '@phaselock/testkit';
import { expect, test, vi } from 'vitest';
import { openTestWorker, type TestWorker } from '../test/open-test-worker.ts';
import { chainOldEvents } from './chain-old-events.ts';
import type { Worker } from './open-worker.ts';
import { runOnce } from './run-once.ts';
import { readStatus } from './tell.ts';

// Each test opens several workers.
vi.setConfig({ testTimeout: 60_000 });

const TASKS = 12;
const SILENT = { progress: () => undefined, distrusted: () => undefined, notChained: () => undefined } as const;

const neverFails = (error: unknown): void => {
  throw error;
};

/** Sessions of an earlier release. */
async function oldSessions({ home: { guard, world, databaseUrl } }: TestWorker): Promise<void> {
  for (let tasks = 0; tasks < TASKS; tasks += 1) await begin(guard, aStart(await world.task()));
  await unchainEvents(databaseUrl);
}

async function notChained({ database }: Worker): Promise<number> {
  const { rows } = await database.pool.pg.query<{ n: number }>(
    'select count(*)::int as n from session_events where hash is null',
  );
  return rows[0]?.n ?? Number.NaN;
}

/** The gauge, as exposed by a worker that has just started. */
async function tasksLeft(test: TestWorker): Promise<string | undefined> {
  const { telemetry } = await test.another();
  return /^phaselock_event_chain_tasks_left (\d+)$/m.exec((await telemetry.answerScrape(undefined)).text)?.[1];
}

test('several workers chain all events once, and the metric and the status report it', async () => {
  await using test = await openTestWorker();
  await oldSessions(test);
  const [one, other] = [await test.another(), await test.another()];
  expect(await tasksLeft(test)).toBe(String(TASKS));
  expect(await readStatus(one, '')).toContain(`0 events of 0 tasks were chained · left ${TASKS} tasks`);
  await using _one = chainOldEvents(one, neverFails);
  await using _other = chainOldEvents(other, neverFails);
  await eventually(async () => (await notChained(one)) === 0, { withinMs: 30_000 });
  expect(await tasksLeft(test)).toBe('0');
  expect(await readStatus(one, '')).toContain('every event is chained');
});

test('a run chains at least one batch, also when no session is due', async () => {
  await using test = await openTestWorker();
  await oldSessions(test);
  const worker = await test.another();
  await runOnce(worker, new AbortController().signal, SILENT);
  expect(await notChained(worker)).toBe(0);
});

test('stops while it rests, and goes on with the next worker', async () => {
  await using test = await openTestWorker();
  await oldSessions(test);
  const worker = await test.another();
  await using chainedElsewhere = await holdLock(test.home.databaseUrl, 'select 1 from event_chain_progress for update');
  await chainOldEvents(worker, neverFails)[Symbol.asyncDispose]();
  expect(await notChained(worker)).toBe(TASKS);
  await chainedElsewhere.letGo();
  await chainOldEvents(worker, neverFails)[Symbol.asyncDispose]();
  expect(await notChained(worker)).toBe(0);
});

test('reports that the row with the progress is missing', async () => {
  await using test = await openTestWorker();
  await oldSessions(test);
  const worker = await test.another();
  await worker.database.pool.pg.query('delete from event_chain_progress');
  const failures: unknown[] = [];
  await chainOldEvents(worker, (error) => failures.push(error))[Symbol.asyncDispose]();
  expect(failures).toMatchObject([{ name: 'ChainProgressMissing' }]);
});

test('reports a failure and does not end', async () => {
  await using test = await openTestWorker();
  await oldSessions(test);
  const worker = await test.another();
  await worker.database.pool.pg.query('alter function event_hash rename to event_hash_away');
  const failures: unknown[] = [];
  await chainOldEvents(worker, (error) => failures.push(error))[Symbol.asyncDispose]();
  expect(failures).toMatchObject([{ code: '42883' }]);
});
