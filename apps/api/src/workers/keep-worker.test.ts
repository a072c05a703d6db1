import { eventually } from '@phaselock/testkit';
import { expect, test } from 'vitest';
import { keepWorker } from './keep-worker.ts';
import type { Ready, WorkerProcess } from './worker-process.ts';

/** A worker whose state the test controls. */
function madeUpWorker() {
  const ready = Promise.withResolvers<Ready>();
  const gone = Promise.withResolvers<string>();
  const worker: WorkerProcess = {
    pid: 1,
    ready: ready.promise,
    gone: gone.promise,
    isReady: () => false,
    tell: () => undefined,
    heard: async () => undefined,
    onEach: () => undefined,
    kill: () => gone.resolve('SIGKILL'),
  };
  return { worker, ready, gone };
}

test('kills a worker that does not become ready and starts the next one on a new port', async () => {
  const ending = new AbortController();
  const ports: (number | undefined)[] = [];
  const started: ReturnType<typeof madeUpWorker>[] = [];
  const kept = keepWorker({
    number: 1,
    start: (metricsPort) => {
      const one = madeUpWorker();
      ports.push(metricsPort);
      started.push(one);
      return one.worker;
    },
    ending: ending.signal,
    mayLeave: async () => undefined,
    silenceMs: 60_000,
    logger: { info: () => undefined, warn: () => undefined, error: () => undefined },
  });
  const nth = (at: number) => eventually(async () => started[at] ?? Promise.reject(new Error(`not started: ${at}`)));

  const first = await nth(0);
  first.ready.resolve({ url: 'http://127.0.0.1:4700', metricsPort: 4_711 });
  await kept.ready;
  first.gone.resolve('SIGSEGV');
  // It reports a failure, but its process keeps running.
  const second = await nth(1);
  second.ready.reject(new Error('listen EADDRINUSE: 127.0.0.1:4711'));
  const third = await nth(2);
  expect(ports).toEqual([undefined, 4_711, undefined]);

  ending.abort();
  third.worker.kill();
  third.ready.reject(new Error('ended'));
  await kept.over;
});
