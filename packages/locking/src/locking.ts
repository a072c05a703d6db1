import { type SlotKey, slotName } from '@phaselock/core';
import type { Clock, Deadline } from './deadline.ts';
import { LockTimeout } from './lock-errors.ts';
import { type RetryPolicy, type RetryTools, retryWithJitter } from './retry-with-jitter.ts';
import type { Held, LockObserver, LockStrategy, SlotLock } from './slot-lock.ts';
import { createTurnstile } from './turnstile.ts';

export type LockingTools<State, Writer> = {
  readonly locks: Readonly<Record<LockStrategy, SlotLock<State, Writer>>>;
  readonly observer: LockObserver;
  readonly retry: RetryPolicy;
  readonly random: RetryTools['random'];
  readonly sleep: RetryTools['sleep'];
  readonly now: Clock;
  /** Whether the work may be retried after this error, such as a lost race or a lost connection. */
  readonly isRetryable: (error: unknown) => boolean;
  /** Whether an error is the lock time-out of the database. */
  readonly isLockTimeout: (error: unknown) => boolean;
  /** Whether an error means contention: another writer locked or changed the slot. */
  readonly isContention: (error: unknown) => boolean;
};

export type Locking<State, Writer> = {
  /**
   * Waits in the in-process queue of the slot, runs the work under the lock of the strategy, and retries it with jitter
   * after a retryable error. Only the pessimistic strategy guarantees exclusion; with the others, the compare-and-set
   * of the write prevents conflicts.
   */
  withSlot<T>(
    slot: SlotKey,
    strategy: LockStrategy,
    deadline: Deadline,
    work: (held: Held<State, Writer>) => Promise<T>,
    /**
     * Called after a wait in the in-process queue, before a lock is taken: the previous holder may already have
     * produced the result. If it returns a result, the work is not run.
     */
    afterWait?: () => Promise<T | undefined>,
  ): Promise<T>;
};

export function createLocking<State, Writer>(tools: LockingTools<State, Writer>): Locking<State, Writer> {
  const turnstile = createTurnstile();
  const { observer, now } = tools;
  const countFirst = firstOfOperation(observer);

  return {
    async withSlot(slot, strategy, deadline, work, afterWait) {
      const key = slotName(slot);
      const since = now();
      const waits = turnstile.isTaken(key);
      if (waits) observer.contended(strategy);
      const retried = (): void => observer.retried(strategy);
      try {
        const leave = await turnstile.enter(key, deadline);
        try {
          const settled = waits ? await afterWait?.() : undefined;
          if (settled !== undefined) return settled;
          return await retryWithJitter(deadline, tools.retry, { ...tools, retried }, async () => {
            let heldSince: number | undefined;
            try {
              return await tools.locks[strategy](slot, deadline, (held) => {
                heldSince = now();
                countFirst(deadline, strategy, (heldSince - since) / 1000);
                return work(held);
              });
            } catch (error) {
              if (tools.isContention(error)) observer.contended(strategy);
              throw error;
            } finally {
              // Measured here, because the strategy has now committed, rolled back or released its lease.
              if (heldSince !== undefined) observer.held(strategy, (now() - heldSince) / 1000);
            }
          });
        } finally {
          leave();
        }
      } catch (error) {
        if (error instanceof LockTimeout || tools.isLockTimeout(error)) observer.timedOut(strategy);
        throw error;
      }
    },
  };
}

/**
 * Reports only the first lock of each operation to the observer; later tries are reported as retries. All tries of an
 * operation share one deadline object, which identifies it.
 */
function firstOfOperation(observer: LockObserver) {
  const counted = new WeakSet<Deadline>();
  return (operation: Deadline, strategy: LockStrategy, seconds: number): void => {
    if (counted.has(operation)) return;
    counted.add(operation);
    observer.acquired(strategy, seconds);
  };
}
