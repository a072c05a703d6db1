import { setTimeout as pause } from 'node:timers/promises';
import type { Logger } from '@phaselock/telemetry';
import type { Config } from '../config/read-config.ts';
import { drainTogether } from './drain-together.ts';
import { type KeptWorker, keepWorker } from './keep-worker.ts';
import { leaveInTurn } from './leave-in-turn.ts';
import type { WorkerPlace } from './worker-place.ts';
import type { WorkerProcess } from './worker-process.ts';

export type Workers = AsyncDisposable & {
  /** The shared URL, once all workers are ready. Rejects if one does not become ready. */
  readonly url: Promise<string>;
  /** Ends all workers gracefully. */
  drain(): Promise<void>;
};

type Keeping = {
  readonly config: Config;
  readonly logger: Logger;
  readonly fork: (place: WorkerPlace) => WorkerProcess;
};

export function keepWorkers({ config, logger, fork }: Keeping): Workers {
  const ending = new AbortController();
  const { workers, port, metricsPort, workerSilenceMs: silenceMs } = config;
  const alive = new Set<WorkerProcess>();
  const turns = leaveInTurn();
  let bound: number | undefined;
  let listenAt = port;

  const place = (at: number): KeptWorker =>
    keepWorker({
      number: at + 1,
      start: (before) => {
        // When the last worker has ended, the shared port was released, and port 0 would select another one.
        if (alive.size === 0 && bound !== undefined) listenAt = bound;
        const own = before ?? (metricsPort === 0 ? 0 : metricsPort + at);
        const worker = fork({ number: at + 1, port: listenAt, metricsPort: own });
        alive.add(worker);
        turns.enter(worker);
        void worker.gone.then(() => alive.delete(worker));
        return worker;
      },
      ending: ending.signal,
      mayLeave: turns.mayLeave,
      silenceMs,
      logger,
    });

  const kept = Array.from({ length: workers }, (_, at) => place(at));
  const url = Promise.all(kept.map(({ ready }) => ready)).then(([one]) => {
    bound = Number(new URL(one?.url ?? '').port);
    return one?.url ?? '';
  });
  url.catch(() => undefined);

  const over = () => Promise.all(kept.map((one) => one.over));
  return {
    url,
    drain: async () => {
      ending.abort();
      const running = kept.flatMap((one) => one.running() ?? []);
      await drainTogether(running, config);
      await Promise.race([over(), pause(config.drainTimeoutMs + TO_CLOSE_MS, undefined, { ref: false })]);
      for (const worker of alive)
        logger.error(
          { 'event.action': 'service-stopped-early', 'phaselock.worker.pid': worker.pid },
          'a worker did not end in time and is killed',
        );
    },
    [Symbol.asyncDispose]: async () => {
      ending.abort();
      const left = [...alive];
      for (const worker of left) worker.kill();
      await Promise.all(left.map(({ gone }) => gone));
      await over();
    },
  };
}

/** Time a worker may take to close its resources, in addition to its drain time-out. */
const TO_CLOSE_MS = 5_000;
