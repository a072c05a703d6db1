import type { SlotKey } from '@phaselock/core';
import type { Deadline } from './deadline.ts';

export const LOCK_STRATEGIES = ['pessimistic', 'optimistic', 'redis'] as const;
export type LockStrategy = (typeof LOCK_STRATEGIES)[number];

/**
 * What a strategy passes to the work it protects: the state read under a row lock with the transaction that holds the
 * lock (`locked`), or no lock (`free`). In both cases the write is a compare-and-set, so strategies may be mixed on one
 * slot.
 */
export type Held<State, Writer> =
  | { readonly kind: 'locked'; readonly state: State; readonly writer: Writer; readonly foundInMs: number | null }
  | { readonly kind: 'free' };

/** An open transaction that holds the lock on the slot's row. Ending it twice has no effect. */
export type LockedSlot<State, Writer> = {
  readonly state: State;
  readonly writer: Writer;
  /** True if another transaction held the lock first, so that this one had to wait. */
  readonly waited: boolean;
  /**
   * Time until the state was read, including the wait for a connection. Null after a wait for the lock, which is
   * measured separately.
   */
  readonly foundInMs: number | null;
  commit(): Promise<void>;
  rollback(): Promise<void>;
};

export type SlotLock<State, Writer> = <T>(
  slot: SlotKey,
  deadline: Deadline,
  work: (held: Held<State, Writer>) => Promise<T>,
) => Promise<T>;

/** Receives the events of locking, for the metrics of each strategy. */
export type LockObserver = {
  /** The first lock that an operation obtained; later tries of the same operation are not reported. */
  acquired(strategy: LockStrategy, seconds: number): void;
  /** How long each try held the lock until its release, whether or not the work succeeded. */
  held(strategy: LockStrategy, seconds: number): void;
  contended(strategy: LockStrategy): void;
  timedOut(strategy: LockStrategy): void;
  /** Every try of an operation after its first. */
  retried(strategy: LockStrategy): void;
};
