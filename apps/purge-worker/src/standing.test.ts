import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beginRun, endLane, skipRun, touchRun } from '@phaselock/store';
import { aStart, begin, eventually, holdLock, spawnNode } from '@phaselock/testkit';
import { expect, test, vi } from 'vitest';
import { openTestWorker, type TestWorker } from '../test/open-test-worker.ts';

// Each test starts worker processes.
vi.setConfig({ testTimeout: 120_000 });

const MAIN = join(import.meta.dirname, 'main.ts');
const NOTHING = { archived: 0, purged: 0, removed: 0, failed: 0, bytes: 0 };

/** The gauges about runs, as exposed by a worker that has just started. */
async function told(test: TestWorker): Promise<Record<string, number>> {
  const { telemetry } = await test.another();
  const { text } = await telemetry.answerScrape(undefined);
  const lines = text.matchAll(
    /^phaselock_archive_((?:last|oldest)_\w+|backlog|dead_letters)(?:\{outcome="(\w+)"\})? (\S+)$/gm,
  );
  return Object.fromEntries([...lines].map(([, name, outcome, value]) => [outcome ?? name, Number(value)]));
}

const OUTCOMES = { succeeded: 0, failed: 0, running: 0, stalled: 0 };

async function query({ home }: TestWorker, text: string): Promise<void> {
  await home.guard.database.pool.pg.query(text);
}

async function aDeletedSession({ home: { guard, world } }: TestWorker): Promise<void> {
  const session = await begin(guard, aStart(await world.task()));
  await guard.softDelete({ sessionId: session.id });
}

test('exposes no gauges about runs before the first run', async () => {
  await using worker = await openTestWorker();
  expect(await told(worker)).toEqual({ backlog: 0, dead_letters: 0 });
});

test('shows a run whose worker was killed as running, then stalled, until a later run gives it up', async () => {
  await using worker = await openTestWorker();
  for (let made = 0; made < 30; made += 1) await aDeletedSession(worker);
  await using slow = spawnNode(MAIN, {
    args: ['once'],
    env: { ...worker.env, PHASELOCK_PURGE_SESSIONS_PER_SECOND: '1' },
  });
  const begun = async (): Promise<boolean> => (await readdir(join(worker.folder, 'sessions'))).length > 0;
  await eventually(begun, { withinMs: 60_000 });
  slow.kill('SIGKILL');
  await slow.exited;
  const during = await told(worker);
  expect(during).toMatchObject({ ...OUTCOMES, running: 1 });
  expect(during.last_run_start_timestamp_seconds).toBe(during.oldest_unfinished_run_start_timestamp_seconds);
  expect(during.last_run_start_timestamp_seconds).toBeGreaterThan(1_600_000_000);
  expect(during.oldest_due_age_seconds).toBeGreaterThan(0);
  expect(during).not.toHaveProperty('last_run_end_timestamp_seconds');
  expect(during).not.toHaveProperty('last_success_timestamp_seconds');

  await query(worker, "update archive_runs set seen_at = now() - interval '4 minutes'");
  expect(await told(worker)).toMatchObject({ ...OUTCOMES, stalled: 1 });

  await query(worker, "update archive_runs set seen_at = now() - interval '61 minutes'");
  // The claims of the killed worker are free once their leases have lapsed.
  await query(worker, 'update archive_claims set leased_until = now() where token is not null');
  await using next = spawnNode(MAIN, { args: ['once'], env: worker.env });
  expect(await next.exited).toMatchObject({ code: 0 });
  const after = await told(worker);
  expect(after).toMatchObject({ ...OUTCOMES, succeeded: 1, backlog: 0 });
  expect(after.last_success_timestamp_seconds).toBe(after.last_run_end_timestamp_seconds);
  expect(after).not.toHaveProperty('oldest_unfinished_run_start_timestamp_seconds');
  expect(after).not.toHaveProperty('oldest_due_age_seconds');
});

test('reports no success for a failed or a skipped run', async () => {
  await using worker = await openTestWorker();
  const { kysely } = worker.home.guard.database;
  const [failed, skipped, hung] = [crypto.randomUUID(), crypto.randomUUID(), crypto.randomUUID()];
  await beginRun(kysely, { id: failed, worker: 'a test', lanes: 1 });
  await endLane(kysely, failed, { ...NOTHING, failed: 2 });
  const first = await told(worker);
  expect(first).toMatchObject({ ...OUTCOMES, failed: 1 });
  expect(first).not.toHaveProperty('last_success_timestamp_seconds');

  await beginRun(kysely, { id: hung, worker: 'a test', lanes: 1 });
  await beginRun(kysely, { id: skipped, worker: 'a test', lanes: 1 });
  await skipRun(kysely, skipped);
  const second = await told(worker);
  expect(second).toMatchObject({ ...OUTCOMES, running: 1 });
  expect(second).not.toHaveProperty('last_success_timestamp_seconds');
  expect(second.last_run_end_timestamp_seconds).toBe(first.last_run_end_timestamp_seconds);
});

test('a run that was given up counts as running again when a worker continues it', async () => {
  await using worker = await openTestWorker();
  const { kysely } = worker.home.guard.database;
  const id = crypto.randomUUID();
  await beginRun(kysely, { id, worker: 'a test', lanes: 1 });
  await query(worker, "update archive_runs set seen_at = now() - interval '2 hours', given_up_at = now()");
  expect(await told(worker)).toMatchObject({ stalled: 1 });
  await touchRun(kysely, id);
  expect(await told(worker)).toMatchObject({
    running: 1,
    oldest_unfinished_run_start_timestamp_seconds: expect.any(Number),
  });
});

test('exposes the other metrics while the database does not respond', async () => {
  await using worker = await openTestWorker();
  await using held = await holdLock(worker.home.databaseUrl, 'lock table archive_runs in access exclusive mode');
  const { telemetry } = await worker.another();
  const { text } = await telemetry.answerScrape(undefined);
  expect(text).toMatch(/^phaselock_archive_sessions_archived_total 0$/m);
  expect(text).toMatch(/^phaselock_build_info\{/m);
  expect(text).not.toMatch(/^phaselock_archive_(?:backlog|dead_letters)/m);
  await held.letGo();
  await eventually(
    async () => expect((await telemetry.answerScrape(undefined)).text).toMatch(/^phaselock_archive_backlog 0$/m),
    { withinMs: 30_000 },
  );
});
