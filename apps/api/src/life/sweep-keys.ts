import type { Logger } from '@phaselock/telemetry';

const HOUR_MS = 3_600_000;

/** Idempotency keys past their day are dead weight. Every process sweeps; one that finds nothing has done nothing. */
export function sweepKeysHourly(
  sweep: () => Promise<void>,
  logger: Pick<Logger, 'warn'>,
  everyMs = HOUR_MS,
): AsyncDisposable {
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(sweep).catch((error: unknown) => logger.warn({ err: error }, 'idempotency keys were not swept'));
  }, everyMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await last;
    },
  };
}
