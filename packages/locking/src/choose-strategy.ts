import { LOCK_STRATEGIES, type LockStrategy } from './slot-lock.ts';

/** The current locking flags of a task. */
export type LockFlags = {
  /** Decides between pessimistic and optimistic locking while no strategy is named. */
  readonly pessimistic_locking_enabled: boolean;
  /** The strategy named by the flag `locking_strategy`; undefined while that flag is off. */
  readonly locking_strategy: string | undefined;
};

/**
 * A named strategy takes precedence over the switch. An unknown name is ignored, because a typing error in a flag must
 * not block starts.
 */
export function chooseStrategy({
  pessimistic_locking_enabled: pessimistic,
  locking_strategy: name,
}: LockFlags): LockStrategy {
  const named = LOCK_STRATEGIES.find((strategy) => strategy === name);
  return named ?? (pessimistic ? 'pessimistic' : 'optimistic');
}
