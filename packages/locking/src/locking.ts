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
  /** Of what work throws, what is worth another try: losing a race or a lock, never a refusal. */
  readonly isRetryable: (error: unknown) => boolean;
  readonly isLockTimeout: (error: unknown) => boolean;
  /** What tells that somebody else was there: the slot was locked, or is not what it was. */
  readonly isContention: (error: unknown) => boolean;
};

export type Locking<State, Writer> = {
  /** Runs the work with the slot to itself, as far as the strategy promises that; again, with jitter, when it lost a race. */
  withSlot<T>(
    slot: SlotKey,
    strategy: LockStrategy,
    deadline: Deadline,
    work: (held: Held<State, Writer>) => Promise<T>,
    /** After a wait within this process, before any lock is taken: what was waited for may have settled the matter. */
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
              // By now the strategy has committed, rolled back or given its lease back.
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

/** Counts the first lock of each operation. An operation has one deadline, however often it comes back with it for another try. */
function firstOfOperation(observer: LockObserver) {
  const counted = new WeakSet<Deadline>();
  return (operation: Deadline, strategy: LockStrategy, seconds: number): void => {
    if (counted.has(operation)) return;
    counted.add(operation);
    observer.acquired(strategy, seconds);
  };
}
