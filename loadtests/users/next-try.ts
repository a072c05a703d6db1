/** How one try ended, as far as the next one depends on it. */
export type Ended = {
  readonly outcome: 'ok' | 'refused' | 'unknown';
  readonly code?: string | undefined;
  readonly retryAfterMs?: number | undefined;
};

const TRIES = 4;
const LONGEST_MS = 10_000;
const FIRST_MS = 250;

/** Refused for what passes by itself. What another runner has to end first is for its user to decide. */
const BUSY: ReadonlySet<string> = new Set(['session_being_modified', 'rate_limited', 'too_many_open_answers']);

/**
 * How long a careful client waits before it sends the same again, under the same key; undefined where it does not. It waits as long as it is
 * told to, and a little longer at random, so that not all of them come back at once.
 */
export function waitBeforeNextTry(ended: Ended, tried: number, random: () => number): number | undefined {
  const again = ended.outcome === 'unknown' || (ended.outcome === 'refused' && BUSY.has(ended.code ?? ''));
  if (!again || tried >= TRIES) return undefined;
  const told = ended.retryAfterMs ?? FIRST_MS * 2 ** (tried - 1);
  return Math.min(LONGEST_MS, told * (1 + random() / 2));
}
