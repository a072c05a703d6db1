import { type DistrustedObject, runSteps, StoreFailure } from '@phaselock/archive';
import { beginRun, endLane, nextRetryAt, type RunCounts, skipRun } from '@phaselock/store';
import type { Logger } from '@phaselock/telemetry';
import type { ConstructorOptions, Job, PgBoss } from 'pg-boss';
import { chainOldEvents } from './chain-old-events.ts';
import { deleteOrphans } from './delete-orphans.ts';
import { keepRun } from './keep-run.ts';
import type { Worker } from './open-worker.ts';
import { type LaneData, openQueue, sendLanes, sendRetry, work } from './queue.ts';
import { reportQueueErrors } from './report-queue-errors.ts';
import { countsOf } from './run-counts.ts';

export type RunningWorker = {
  /** Accepts no more work, stops each lane after its current chunk, and releases the remaining claims. */
  stop(): Promise<void>;
};

const STOP_TIMEOUT_MS = 60_000;

/** Processes runs on schedule until it is stopped. */
export async function runWorker(
  worker: Worker,
  logger: Logger,
  clock?: ConstructorOptions['clock'],
): Promise<RunningWorker> {
  const { config, databaseUrl } = worker;
  const stopping = new AbortController();
  const options = {
    databaseUrl,
    schedule: config.schedule,
    lanes: config.lanes,
    onError: reportQueueErrors(logger, () => performance.now()),
    ...(clock !== undefined && { clock }),
  };
  const boss = await openQueue(options);
  await work(boss, options, {
    daily: (job) => begin({ worker, boss, logger }, job),
    lane: (job) => workOn({ worker, boss, logger }, job, stopping.signal),
  });
  const chaining = chainOldEvents(worker, (error) =>
    logger.warn({ err: error, 'event.action': 'sweep-failed' }, 'events of earlier releases could not be chained'),
  );
  return {
    async stop() {
      stopping.abort();
      await chaining[Symbol.asyncDispose]();
      await boss.stop({ graceful: true, timeout: STOP_TIMEOUT_MS });
    },
  };
}

type Parts = { readonly worker: Worker; readonly boss: PgBoss; readonly logger: Logger };

async function begin({ worker, boss, logger }: Parts, job: Job<object>): Promise<void> {
  const { database, config, name } = worker;
  // A lane that is still busy with an earlier run is not started again, and counts as ended for today's run.
  await beginRun(database.kysely, { id: job.id, worker: name, lanes: config.lanes });
  const orphans = await deleteOrphans(worker);
  const sent = await sendLanes(boss, job.id, config.lanes);
  if (sent === 0) await skipRun(database.kysely, job.id);
  else for (let lane = sent; lane < config.lanes; lane += 1) await endLane(database.kysely, job.id, NOTHING);
  logger.info(
    {
      'event.action': 'purge-run-began',
      'phaselock.purge.run_id': job.id,
      'phaselock.purge.lanes': sent,
      'phaselock.purge.orphans': orphans,
    },
    'purge run started',
  );
}

const NOTHING: RunCounts = { archived: 0, purged: 0, removed: 0, failed: 0, bytes: 0 };

async function workOn({ worker, boss, logger }: Parts, job: Job<LaneData>, stopping: AbortSignal): Promise<void> {
  const { database, telemetry } = worker;
  const { runId } = job.data;
  using _running = telemetry.running();
  using _kept = await keepRun(worker, runId);
  const signal = AbortSignal.any([stopping, job.signal]);
  await checkStore(worker, logger);
  const done = await runSteps(
    worker.lane((found) => reportDistrusted(logger, found)),
    signal,
  );
  // Not counted as a failure: the queue retries the lane, here or on another machine.
  if (signal.aborted) throw new Error('the worker was stopped before the lane was finished');
  if (done.storeChanged !== null) {
    logger.error({ 'event.action': 'archive-store-changed', 'error.code': 'store_changed' }, done.storeChanged);
    throw new StoreFailure('store_changed', done.storeChanged);
  }
  const seconds = runId === null ? undefined : await endLane(database.kysely, runId, countsOf(done));
  if (seconds !== undefined) telemetry.ran(seconds);
  const isWhole = done.failed === 0 && !done.storeDown;
  logger[isWhole ? 'info' : 'warn'](
    {
      'event.action': 'purge-lane-ended',
      'event.outcome': isWhole ? 'success' : 'failure',
      'phaselock.purge.run_id': runId,
      'phaselock.purge.archived': done.archived,
      'phaselock.purge.purged': done.purged,
      'phaselock.purge.removed': done.removed,
      'phaselock.purge.failed': done.failed,
      'phaselock.purge.bytes': done.bytes,
      'phaselock.purge.seconds': seconds ?? null,
    },
    'purge lane ended',
  );
  const again = await nextRetryAt(database.kysely);
  if (again !== undefined) await sendRetry(boss, again);
}

function reportDistrusted(logger: Logger, { sessionId, objectKey, code, message, dead }: DistrustedObject): void {
  const next = dead ? 'its session is a dead letter' : 'its session is archived again';
  logger.error(
    {
      'event.action': 'archive-object-damaged',
      'phaselock.session_id': sessionId,
      'phaselock.purge.object': objectKey,
      'error.code': code,
    },
    `an archived object is missing or damaged, ${next}: ${message}`,
  );
}

/**
 * Logs once that the store cannot be used; the lane then continues, so that each due session has its failure counted
 * and retried (spec 5). If the store is not the known one, the lane fails instead: the queue retries it, and its run
 * stays unfinished.
 */
async function checkStore(worker: Worker, logger: Logger): Promise<void> {
  try {
    for (const note of await worker.checkStore()) logger.warn({ 'event.action': 'archive-store-noted' }, note);
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    logger.error(
      { err: error, 'event.action': 'archive-store-unusable', 'error.code': error.code },
      'the archive store cannot be used',
    );
    if (error.code !== 'store_changed') return;
    worker.telemetry.failed(error.code, false);
    throw error;
  }
}
