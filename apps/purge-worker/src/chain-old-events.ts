import { setTimeout as pause } from 'node:timers/promises';
import { chainNextTasks } from '@phaselock/store';
import type { Worker } from './open-worker.ts';

/** Sessions stay locked while a batch is chained, so it is small. */
const BATCH = { tasks: 200, events: 500, waitMs: 1_000 } as const;
/** The worker rests this many times as long as a batch took. */
const REST = 4;
const LEAST_REST_MS = 20;
/** How long it waits while another process chains, or after a failure. */
const AGAIN_MS = 30_000;

/**
 * Chains events of earlier releases in the background, until all of them are chained or the result is disposed. At
 * least one batch is chained. Any number of workers may do this: one of them chains at a time.
 */
export function chainOldEvents(
  { database }: Pick<Worker, 'database'>,
  failed: (error: unknown) => void,
): AsyncDisposable {
  const ending = new AbortController();
  const working = work(database, failed, ending.signal);
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await working;
    },
  };
}

async function work(database: Worker['database'], failed: (error: unknown) => void, ended: AbortSignal): Promise<void> {
  let rest: number | undefined;
  do {
    rest = await chainBatch(database).catch((error: unknown) => {
      failed(error);
      return AGAIN_MS;
    });
    // Rejects when the worker stops; the loop then ends.
    if (rest !== undefined) await pause(rest, undefined, { signal: ended, ref: false }).catch(() => undefined);
  } while (rest !== undefined && !ended.aborted);
}

/** Returns how long to rest before the next batch, or undefined when there is none. */
async function chainBatch(database: Worker['database']): Promise<number | undefined> {
  const began = performance.now();
  const { state } = await chainNextTasks(database, BATCH);
  switch (state) {
    case 'finished':
      return undefined;
    case 'busy':
      return AGAIN_MS;
    case 'unfinished':
      return Math.max(LEAST_REST_MS, REST * (performance.now() - began));
  }
}
