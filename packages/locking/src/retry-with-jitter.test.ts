import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Deadline, deadlineIn } from './deadline.ts';
import { LockAborted, LockTimeout } from './lock-errors.ts';
import { DEFAULT_RETRY, retryWithJitter } from './retry-with-jitter.ts';

class Lost extends Error {}

function tools(random: () => number = () => 0.5) {
  const slept: number[] = [];
  let retries = 0;
  return {
    slept,
    retries: () => retries,
    given: {
      random,
      sleep: async (ms: number) => void slept.push(ms),
      isRetryable: (error: unknown) => error instanceof Lost,
      retried: () => {
        retries += 1;
      },
    },
  };
}

const endless: Deadline = deadlineIn(60_000, () => 0);

/** An attempt that fails this many times and then succeeds. */
function loses(times: number): { attempt: () => Promise<string>; tried: () => number } {
  let tried = 0;
  return {
    attempt: async () => {
      tried += 1;
      if (tried <= times) throw new Lost();
      return 'won';
    },
    tried: () => tried,
  };
}

describe('retryWithJitter', () => {
  test('does not retry a successful attempt', async () => {
    const { given, slept } = tools();
    expect(await retryWithJitter(endless, DEFAULT_RETRY, given, loses(0).attempt)).toBe('won');
    expect(slept).toEqual([]);
  });

  test('retries until an attempt succeeds, and counts the retries', async () => {
    const { given, retries } = tools();
    expect(await retryWithJitter(endless, DEFAULT_RETRY, given, loses(3).attempt)).toBe('won');
    expect(retries()).toBe(3);
  });

  test('throws the error of the last attempt after maxAttempts', async () => {
    const { given, retries } = tools();
    const losing = loses(99);
    await expect(retryWithJitter(endless, DEFAULT_RETRY, given, losing.attempt)).rejects.toBeInstanceOf(Lost);
    expect(losing.tried()).toBe(DEFAULT_RETRY.maxAttempts);
    expect(retries()).toBe(DEFAULT_RETRY.maxAttempts - 1);
  });

  test('does not retry an error that is not retryable', async () => {
    const { given, slept } = tools();
    const refused = new Error('refused');
    await expect(retryWithJitter(endless, DEFAULT_RETRY, given, () => Promise.reject(refused))).rejects.toBe(refused);
    expect(slept).toEqual([]);
  });

  test('waits a random time between zero and a cap that doubles up to its limit', async () => {
    const policy = { maxAttempts: 8, baseDelayMs: 20, maxDelayMs: 400 };
    const property = fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (random) => {
      const { given, slept } = tools(() => random);
      await retryWithJitter(endless, policy, given, loses(7).attempt);
      expect(slept).toEqual([20, 40, 80, 160, 320, 400, 400].map((cap) => random * cap));
    });
    await fc.assert(property, { numRuns: 50 });
  });

  test('throws LockTimeout with the error as its cause if no time is left for the wait', async () => {
    const { given, slept } = tools();
    // Half of the first cap is 10 ms, but of 11 ms at most 9.9 may be spent waiting.
    const failing = retryWithJitter(
      deadlineIn(11, () => 0),
      DEFAULT_RETRY,
      given,
      loses(1).attempt,
    );
    await expect(failing).rejects.toBeInstanceOf(LockTimeout);
    await expect(failing).rejects.toMatchObject({ cause: expect.any(Lost) });
    expect(slept).toEqual([]);
  });

  test('stops before the next attempt if its caller has aborted', async () => {
    const { given } = tools();
    const caller = new AbortController();
    const attempt = async (): Promise<never> => {
      caller.abort();
      throw new Lost();
    };
    const deadline = deadlineIn(60_000, () => 0, caller.signal);
    await expect(retryWithJitter(deadline, DEFAULT_RETRY, given, attempt)).rejects.toBeInstanceOf(LockAborted);
  });
});
