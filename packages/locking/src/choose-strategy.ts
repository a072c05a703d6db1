import { LOCK_STRATEGIES, type LockStrategy } from './slot-lock.ts';

/** The flags of a task as they stand now. */
export type LockFlags = {
  readonly pessimistic_locking_enabled: boolean;
  /** What to use when pessimistic locking is off. */
  readonly locking_strategy: string | undefined;
};

/** A strategy nobody knows falls back to optimistic: a typing error in a flag must not stop anyone's work. */
export function chooseStrategy({
  pessimistic_locking_enabled: pessimistic,
  locking_strategy: name,
}: LockFlags): LockStrategy {
  if (pessimistic) return 'pessimistic';
  return LOCK_STRATEGIES.find((strategy) => strategy === name) ?? 'optimistic';
}
