import { setTimeout as pause } from 'node:timers/promises';
import { restartBackoff } from '@phaselock/store';
import type { Logger } from '@phaselock/telemetry';
import { watchPulse } from './watch-pulse.ts';
import type { Ready, WorkerProcess } from './worker-process.ts';

export type KeptWorker = {
  /** Of the first start: rejects where it does not get ready. */
  readonly ready: Promise<Ready>;
  /** The one that runs now, if it is to end with the others. */
  readonly running: () => WorkerProcess | undefined;
  /** Once the program ends and the last process of this place is gone. */
  readonly over: Promise<void>;
};

type Keeping = {
  readonly number: number;
  /** On the port for numbers that its predecessor had. */
  readonly start: (metricsPort: number | undefined) => WorkerProcess;
  /** Aborted when the program ends: nothing is started any more. */
  readonly ending: AbortSignal;
  /** Resolves once another worker serves while this one leaves. */
  readonly mayLeave: (worker: WorkerProcess) => Promise<void>;
  readonly silenceMs: number;
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'>;
};

/** Longer than any start: a worker finds the schema current and joins a database that runs. */
const START_WITHIN_MS = 60_000;
/** Of several that end at the same moment all are known to be gone before one is started: with a free port (0) the last of them gives it back. */
const AT_LEAST_MS = 50;
/** A signal for all processes of the program reaches the worker and the primary in any order. */
const WHOSE_SIGNAL_MS = 100;

/** One place among the workers. Whoever had it and ended is replaced: at once the first time, later after a while, at most every ten seconds. */
export function keepWorker({ number, start, ending, mayLeave, silenceMs, logger }: Keeping): KeptWorker {
  const first = Promise.withResolvers<Ready>();
  first.promise.catch(() => undefined);
  const backoff = restartBackoff(Math.random);
  let running: WorkerProcess | undefined;
  let metricsPort: number | undefined;

  /** Until it is gone: as it was asked to, by itself, or without ever having been ready. */
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
        `worker ${number} answers`,
      );
      first.resolve(ready);
      const silent = (): void => {
        logger.error(
          { 'event.action': 'worker-silent', ...about },
          `worker ${number} has done nothing for ${silenceMs} ms: it is killed, and another one takes its place`,
        );
        worker.kill();
      };
      watchPulse(worker, { silenceMs, silent });
    } catch (error) {
      if (restarts === 0) {
        first.reject(error);
        return 'never-ready';
      }
      // With a free port (0) the one of its predecessor may be another program's by now.
      metricsPort = undefined;
      worker.kill();
      if (!ending.aborted)
        logger.warn({ err: error, 'event.action': 'worker-ended', ...about }, `worker ${number} did not get ready`);
    }
    const how = await worker.gone;
    running = undefined;
    backoff.ranFor(performance.now() - since);
    if (leaves || ending.aborted) return 'in-order';
    logger.error(
      { 'event.action': 'worker-ended', ...about, 'phaselock.worker.restarts': restarts },
      `worker ${number} ended (${how}) without being told to: another one takes its place. The others serve on`,
    );
    return 'by-itself';
  };

  const keep = async (): Promise<void> => {
    for (let restarts = 0; !ending.aborted; restarts += 1) {
      const end = await runOnce(restarts);
      // The program fails with it.
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
