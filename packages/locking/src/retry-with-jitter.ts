import type { Deadline } from './deadline.ts';
import { LockAborted, LockTimeout } from './lock-errors.ts';

export type RetryPolicy = {
  readonly maxAttempts: number;
  readonly baseDelayMs: number;
  readonly maxDelayMs: number;
};

export const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 4, baseDelayMs: 20, maxDelayMs: 400 };

export type RetryTools = {
  readonly random: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  readonly isRetryable: (error: unknown) => boolean;
  readonly retried: () => void;
};

/**
 * Retries with full jitter: each wait is a random time between zero and an exponentially growing cap, so that callers
 * that collided do not collide again.
 */
export async function retryWithJitter<T>(
  deadline: Deadline,
  policy: RetryPolicy,
  tools: RetryTools,
  attempt: () => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    if (deadline.signal?.aborted) throw new LockAborted();
    try {
      return await attempt();
    } catch (error) {
      if (!tools.isRetryable(error) || tried >= policy.maxAttempts) throw error;
      const cap = Math.min(policy.maxDelayMs, policy.baseDelayMs * 2 ** (tried - 1));
      const delay = tools.random() * cap;
      if (delay >= deadline.waitMs()) throw new LockTimeout('no time left to try again', { cause: error });
      tools.retried();
      await tools.sleep(delay);
    }
  }
}
