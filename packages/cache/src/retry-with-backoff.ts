import { setTimeout as pause } from 'node:timers/promises';

export type Sleep = (ms: number, signal: AbortSignal) => Promise<void>;

/** Ends early, without an error, when the signal says so; keeps no process alive. */
export const unrefSleep: Sleep = async (ms, signal) => {
  await pause(ms, undefined, { ref: false, signal }).catch(() => undefined);
};

/** Grows by two with each time, half of it left to chance: those who failed together do not come back together. */
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

/** Whether it succeeded in the end. Once the signal is given there is one last try. */
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
