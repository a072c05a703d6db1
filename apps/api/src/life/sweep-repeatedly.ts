type Failed = { readonly err: unknown; readonly 'event.action': 'sweep-failed' };
type WarningLog = { readonly warn: (fields: Failed, message: string) => void };

type Repeated = {
  readonly sweep: () => Promise<unknown>;
  readonly everyMs: number;
  /** Also sweeps at once, not only after the first interval. */
  readonly atOnce?: boolean;
  /** The log message of a failed sweep. */
  readonly failure: string;
};

/**
 * Repeats a sweep, in every process; a sweep that finds nothing changes nothing. Only one runs at a time: the next one
 * also does the work of those skipped meanwhile.
 */
export function sweepRepeatedly(
  { sweep, everyMs, atOnce = false, failure }: Repeated,
  logger: WarningLog,
): AsyncDisposable {
  let running: Promise<void> | undefined;
  let failing = false;
  /** Logs only the first of consecutive failures, because every sweep fails during a database outage. */
  const tell = (error: unknown): void => {
    if (!failing) logger.warn({ err: error, 'event.action': 'sweep-failed' }, failure);
    failing = true;
  };
  const next = (): void => {
    running ??= sweep()
      .then(() => {
        failing = false;
      })
      .catch(tell)
      .finally(() => {
        running = undefined;
      });
  };
  const timer = setInterval(next, everyMs);
  timer.unref();
  if (atOnce) next();
  return {
    async [Symbol.asyncDispose]() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Expired idempotency keys only take up space, so one sweep per hour is enough. */
export const KEYS_EVERY_MS = 3_600_000;

const MOST_OFTEN_MS = 250;
const LEAST_OFTEN_MS = 5_000;

/** The interval is a fraction of the lease, so that a dead runner is found soon after its lease has expired. */
export const leasesEveryMs = (leaseMs: number): number =>
  Math.min(LEAST_OFTEN_MS, Math.max(MOST_OFTEN_MS, Math.round(leaseMs / 3)));
