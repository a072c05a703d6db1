import { setTimeout as pause } from 'node:timers/promises';

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Ends early, without an error, when the signal aborts. Does not keep the process alive. */
export const unrefSleep: Sleep = async (ms, signal) => {
  await pause(ms, undefined, { ref: false, signal }).catch(() => undefined);
};

/**
 * Exponential back-off: doubles with each failure, and half of it is random, so that callers that failed together do
 * not retry together.
 */
export function backoffMs(failures: number, random: () => number, baseMs: number, limitMs: number): number {
  const grown = Math.min(limitMs, baseMs * 2 ** failures);
  return grown * (0.5 + random() / 2);
}

export type RetryOptions = {
  readonly retries: number;
  readonly baseMs: number;
  readonly sleep: Sleep;
  readonly random: () => number;
  readonly signal: AbortSignal;
  readonly onRetry: () => void;
};

/** Resolves to whether an attempt succeeded. After the signal has aborted, there is one last attempt. */
export async function retryWithBackoff(attempt: () => Promise<unknown>, options: RetryOptions): Promise<boolean> {
  const { retries, baseMs, sleep, random, signal, onRetry } = options;
  for (let failures = 0; ; failures += 1) {
    const wasLast = failures === retries || signal.aborted;
    try {
      await attempt();
      return true;
    } catch {
      if (wasLast) return false;
      onRetry();
      await sleep(backoffMs(failures, random, baseMs, Number.POSITIVE_INFINITY), signal);
    }
  }
}
