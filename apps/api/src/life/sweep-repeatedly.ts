type Failed = { readonly err: unknown; readonly 'event.action': 'sweep-failed' };
type WarningLog = { readonly warn: (fields: Failed, message: string) => void };

type Repeated = {
  readonly sweep: () => Promise<unknown>;
  readonly everyMs: number;
  /** Also now, and not only after the first interval. */
  readonly atOnce?: boolean;
  /** What the log says of a sweep that failed. */
  readonly failure: string;
};

/**
 * Every process sweeps; one that finds nothing has done nothing. One sweep at a time: while one takes long, or the database is away, the next one
 * finds what those between would have.
 */
export function sweepRepeatedly(
  { sweep, everyMs, atOnce = false, failure }: Repeated,
  logger: WarningLog,
): AsyncDisposable {
  let running: Promise<void> | undefined;
  let failing = false;
  /** While the database is away each sweep fails: that is said once. */
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

/** Idempotency keys past their day are dead weight, and no more than that. */
export const KEYS_EVERY_MS = 3_600_000;

const MOST_OFTEN_MS = 250;
const LEAST_OFTEN_MS = 5_000;

/** A dead runner is seen within a fraction of its lease. */
export const leasesEveryMs = (leaseMs: number): number =>
  Math.min(LEAST_OFTEN_MS, Math.max(MOST_OFTEN_MS, Math.round(leaseMs / 3)));
