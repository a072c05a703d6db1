import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import { ConfigMistakes } from '../config/read-config.ts';
import { type FromWorker, readFromWorker, type ToWorker } from './messages.ts';
import { placeArguments, type WorkerPlace } from './worker-place.ts';

export type Ready = { readonly url: string; readonly metricsPort: number };

export type WorkerProcess = {
  readonly pid: number;
  /** Rejects with the reason if the worker does not become ready. */
  readonly ready: Promise<Ready>;
  /** Resolves with how the worker ended. */
  readonly gone: Promise<string>;
  readonly isReady: () => boolean;
  tell(is: ToWorker['is']): void;
  /** Resolves when the worker has sent this message, or has ended. */
  heard(is: FromWorker['is']): Promise<void>;
  onEach(is: FromWorker['is'], act: () => void): void;
  kill(): void;
};

const WORKER_MAIN = fileURLToPath(new URL('../worker-main.ts', import.meta.url));

/**
 * Starts a worker. The primary accepts the connections of the shared port and distributes them round-robin; a worker
 * that has not taken its last connection gets no other one.
 */
export function forkWorker(place: WorkerPlace): WorkerProcess {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({ exec: WORKER_MAIN, args: placeArguments(place) });
  const worker = cluster.fork();
  const listeners = new Set<(message: FromWorker) => void>();
  const ready = Promise.withResolvers<Ready>();
  const gone = Promise.withResolvers<string>();
  let isReady = false;
  // Prevents an unhandled rejection if no caller awaits `ready`.
  ready.promise.catch(() => undefined);
  listeners.add((message) => {
    if (message.is === 'ready') {
      isReady = true;
      ready.resolve(message);
    }
    if (message.is === 'failed')
      ready.reject(message.mistakes.length > 0 ? new ConfigMistakes(message.mistakes) : new Error(message.text));
  });
  worker.on('message', (given: unknown) => {
    const message = readFromWorker(given);
    if (message !== undefined) for (const hear of listeners) hear(message);
  });
  const end = (how: string): void => {
    isReady = false;
    ready.reject(new Error(`worker ${place.number} ended before it was ready: ${how}`));
    gone.resolve(how);
  };
  worker.on('error', (error) => end(error.message));
  worker.on('exit', (code, signal) => end(signal === null ? `exit code ${code}` : signal));
  const onEach: WorkerProcess['onEach'] = (is, act) =>
    void listeners.add((message) => {
      if (message.is === is) act();
    });
  return {
    pid: worker.process.pid ?? 0,
    ready: ready.promise,
    gone: gone.promise,
    isReady: () => isReady,
    tell: (is) => {
      if (worker.isConnected()) worker.send({ is }, () => undefined);
    },
    heard: async (is) => {
      const said = Promise.withResolvers<void>();
      onEach(is, said.resolve);
      await Promise.race([said.promise, gone.promise]);
    },
    onEach,
    kill: () => void worker.process.kill('SIGKILL'),
  };
}
