/** The outcome of an attempt, which determines the next one. */
export type Ended = {
  readonly outcome: 'ok' | 'refused' | 'unknown';
  readonly code?: string | undefined;
  readonly retryAfterMs?: number | undefined;
};

const TRIES = 4;
const LONGEST_MS = 10_000;
const FIRST_MS = 250;

/** Codes of temporary refusals that are retried. Refusals that another runner must end are left to the user. */
const BUSY: ReadonlySet<string> = new Set(['session_being_modified', 'rate_limited', 'too_many_open_answers']);

/**
 * Returns the wait before a retry under the same idempotency key; undefined for no retry. Waits for `Retry-After`
 * or an exponential back-off, with jitter so that clients do not return at the same time.
 */
export function waitBeforeNextTry(ended: Ended, tried: number, random: () => number): number | undefined {
  const again = ended.outcome === 'unknown' || (ended.outcome === 'refused' && BUSY.has(ended.code ?? ''));
  if (!again || tried >= TRIES) return undefined;
  const told = ended.retryAfterMs ?? FIRST_MS * 2 ** (tried - 1);
  return Math.min(LONGEST_MS, told * (1 + random() / 2));
}
