import type { SlotKey } from '@phaselock/core';
import type { Deadline } from './deadline.ts';

export const LOCK_STRATEGIES = ['pessimistic', 'optimistic', 'redis'] as const;
export type LockStrategy = (typeof LOCK_STRATEGIES)[number];

/**
 * What a strategy hands to the work it protects: the state read under a real lock, with the transaction that holds it, or nothing but leave
 * to try. Either way the write is a compare-and-set, so strategies may be mixed on one slot.
 */
export type Held<State, Writer> =
  | { readonly kind: 'locked'; readonly state: State; readonly writer: Writer; readonly foundInMs: number | null }
  | { readonly kind: 'free' };

/** An open transaction that holds the slot's row. Ending it twice is harmless. */
export type LockedSlot<State, Writer> = {
  readonly state: State;
  readonly writer: Writer;
  /** Somebody else held it first, and it was waited for. */
  readonly waited: boolean;
  /** How long it took until the state was read, the wait for a connection included. Null after a wait for the lock, which is measured by itself. */
  readonly foundInMs: number | null;
  commit(): Promise<void>;
  rollback(): Promise<void>;
};

export type SlotLock<State, Writer> = <T>(
  slot: SlotKey,
  deadline: Deadline,
  work: (held: Held<State, Writer>) => Promise<T>,
) => Promise<T>;

/** What is counted of locking, for each strategy. */
export type LockObserver = {
  /** The first lock an operation obtained, however often it tries again. */
  acquired(strategy: LockStrategy, seconds: number): void;
  /** How long it was held, of every try: until it was released, whether the work succeeded or not. */
  held(strategy: LockStrategy, seconds: number): void;
  contended(strategy: LockStrategy): void;
  timedOut(strategy: LockStrategy): void;
  /** Every try of an operation after its first. */
  retried(strategy: LockStrategy): void;
};
