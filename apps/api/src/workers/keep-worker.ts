import { setTimeout as pause } from 'node:timers/promises';
import { restartBackoff } from '@phaselock/store';
import type { Logger } from '@phaselock/telemetry';
import { watchPulse } from './watch-pulse.ts';
import type { Ready, WorkerProcess } from './worker-process.ts';

export type KeptWorker = {
  /** The result of the first start; rejects if the worker does not become ready. */
  readonly ready: Promise<Ready>;
  /** The current process, if it must be ended together with the others. */
  readonly running: () => WorkerProcess | undefined;
  /** Resolves when the program ends and the last process of this place has ended. */
  readonly over: Promise<void>;
};

type Keeping = {
  readonly number: number;
  /** Starts a worker, on the metrics port of its predecessor if there was one. */
  readonly start: (metricsPort: number | undefined) => WorkerProcess;
  /** Aborted when the program ends; then no worker is started. */
  readonly ending: AbortSignal;
  /** Resolves once another worker serves requests, so that this one may end. */
  readonly mayLeave: (worker: WorkerProcess) => Promise<void>;
  readonly silenceMs: number;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
};

/** Longer than any start takes: the schema is current and the database runs already. */
const START_WITHIN_MS = 60_000;
/**
 * Delay before a restart. If several workers end together, the primary must see all of them end first: with port 0, the
 * last one releases the shared port.
 */
const AT_LEAST_MS = 50;
/**
 * A signal sent to all processes reaches worker and primary in any order; waits this long to learn whether the primary
 * received it too.
 */
const WHOSE_SIGNAL_MS = 100;

/**
 * Keeps one of the program's workers running. A worker that ended is replaced at once the first time, then with a
 * back-off of at most ten seconds.
 */
export function keepWorker({ number, start, ending, mayLeave, silenceMs, logger }: Keeping): KeptWorker {
  const first = Promise.withResolvers<Ready>();
  first.promise.catch(() => undefined);
  const backoff = restartBackoff(Math.random);
  let running: WorkerProcess | undefined;
  let metricsPort: number | undefined;

  /** Runs one process until it has ended, and returns why: as told, by itself, or before it was ever ready. */
  const runOnce = async (restarts: number): Promise<'in-order' | 'by-itself' | 'never-ready'> => {
    const since = performance.now();
    const worker = start(metricsPort);
    running = worker;
    const about = { 'phaselock.worker.number': number, 'phaselock.worker.pid': worker.pid };
    let leaves = false;
    worker.onEach('told-to-end', () => {
      void pause(WHOSE_SIGNAL_MS).then(async () => {
        if (!ending.aborted) await mayLeave(worker);
        if (ending.aborted || leaves) return;
        leaves = true;
        running = undefined;
        worker.tell('leave');
      });
    });
    try {
      const ready = await readyInTime(worker, number);
      ({ metricsPort } = ready);
      logger.info(
        {
          'event.action': 'worker-started',
          ...about,
          'phaselock.worker.metrics_port': metricsPort,
          'phaselock.worker.restarts': restarts,
        },
        `worker ${number} is ready`,
      );
      first.resolve(ready);
      const silent = (): void => {
        logger.error(
          { 'event.action': 'worker-silent', ...about },
          `worker ${number} has not responded for ${silenceMs} ms: it is killed and replaced`,
        );
        worker.kill();
      };
      watchPulse(worker, { silenceMs, silent });
    } catch (error) {
      if (restarts === 0) {
        first.reject(error);
        return 'never-ready';
      }
      // With port 0, another program may use the predecessor's port by now.
      metricsPort = undefined;
      worker.kill();
      if (!ending.aborted)
        logger.warn({ err: error, 'event.action': 'worker-ended', ...about }, `worker ${number} did not become ready`);
    }
    const how = await worker.gone;
    running = undefined;
    backoff.ranFor(performance.now() - since);
    if (leaves || ending.aborted) return 'in-order';
    logger.error(
      { 'event.action': 'worker-ended', ...about, 'phaselock.worker.restarts': restarts },
      `worker ${number} ended unexpectedly (${how}) and is replaced. The other workers continue`,
    );
    return 'by-itself';
  };

  const keep = async (): Promise<void> => {
    for (let restarts = 0; !ending.aborted; restarts += 1) {
      const end = await runOnce(restarts);
      // The start of the program then fails as well.
      if (end === 'never-ready') return;
      if (end === 'by-itself')
        await pause(AT_LEAST_MS + backoff.nextMs(), undefined, { signal: ending }).catch(() => undefined);
    }
  };
  return { ready: first.promise, running: () => running, over: keep() };
}

async function readyInTime(worker: WorkerProcess, number: number): Promise<Ready> {
  const settled = new AbortController();
  const { signal } = settled;
  const late = pause(START_WITHIN_MS, undefined, { signal }).then(
    () => {
      worker.kill();
      throw new Error(`worker ${number} was not ready within ${START_WITHIN_MS / 1_000} s`);
    },
    () => new Promise<never>(() => undefined),
  );
  try {
    return await Promise.race([worker.ready, late]);
  } finally {
    settled.abort();
  }
}
