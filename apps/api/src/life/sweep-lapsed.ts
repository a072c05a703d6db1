import type { Logger } from '@phaselock/telemetry';

const MOST_OFTEN_MS = 250;
const LEAST_OFTEN_MS = 5_000;

/** A dead runner is seen within a fraction of its lease. Every replica sweeps, and one that finds nothing has done nothing. */
export const sweepEveryMs = (leaseMs: number): number =>
  Math.min(LEAST_OFTEN_MS, Math.max(MOST_OFTEN_MS, Math.round(leaseMs / 3)));

/** One sweep at a time; while the database is away the next one finds what this one would have. */
export function sweepLapsedLeases(
  sweep: () => Promise<unknown>,
  logger: Pick<Logger, 'warn'>,
  everyMs: number,
): AsyncDisposable {
  let running: Promise<void> | undefined;
  const next = (): void => {
    running ??= sweep()
      .then(() => undefined)
      .catch((error: unknown) => logger.warn({ err: error }, 'lapsed leases were not swept'))
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(next, everyMs);
  timer.unref();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}
