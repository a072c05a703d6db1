import { withinTime } from './within-time.ts';

export type CircuitOptions = {
  readonly now: () => number;
  /** The bound of every call. */
  readonly timeoutMs: number;
  /** How long nothing is tried after a failure. */
  readonly skipMs: number;
  readonly onFailure: (error: unknown) => void;
};

type Attempted<Answer> =
  | { readonly kind: 'answered'; readonly answer: Answer }
  | { readonly kind: 'failed' | 'skipped' };

export type Circuit = <Answer>(call: () => Promise<Answer>) => Promise<Attempted<Answer>>;

/** Something slow must cost its bound once in a while, not with every call. After a pause one call finds out for the others. */
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
