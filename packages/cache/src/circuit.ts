import { withinTime } from './within-time.ts';

export type CircuitOptions = {
  readonly now: () => number;
  /** The time limit of every call. */
  readonly timeoutMs: number;
  /** How long calls are skipped after a failure. */
  readonly skipMs: number;
  readonly onFailure: (error: unknown) => void;
};

type Attempted<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed' | 'skipped' };

/** Runs a call through a circuit breaker. */
export type Circuit = <Answer>(call: () => Promise<Answer>) => Promise<Attempted<Answer>>;

/**
 * A circuit breaker: after a failure or time-out, calls are skipped for a while, so that a slow server does not delay
 * every call. After the pause, one call probes the server while the others are still skipped.
 */
export function createCircuit({ now, timeoutMs, skipMs, onFailure }: CircuitOptions): Circuit {
  let failing = false;
  let skipUntil = Number.NEGATIVE_INFINITY;
  return async (call) => {
    if (now() < skipUntil) return { kind: 'skipped' };
    if (failing) skipUntil = now() + timeoutMs;
    try {
      const answer = await withinTime(call(), timeoutMs);
      failing = false;
      skipUntil = Number.NEGATIVE_INFINITY;
      return { kind: 'answered', answer };
    } catch (error) {
      failing = true;
      skipUntil = now() + skipMs;
      onFailure(error);
      return { kind: 'failed' };
    }
  };
}
