export { chooseStrategy, type LockFlags } from './choose-strategy.ts';
export {
  type Clock,
  type Deadline,
  deadlineIn,
  longestWaitMs,
  type PausableDeadline,
  pausableDeadlineIn,
  soonerOf,
} from './deadline.ts';
export { LockAborted, LockTimeout } from './lock-errors.ts';
export { createLocking, type Locking } from './locking.ts';
export { optimisticLock } from './optimistic-lock.ts';
export { pessimisticLock } from './pessimistic-lock.ts';
export { type RedisCommands, redisLock } from './redis-lock.ts';
export { DEFAULT_RETRY, type RetryPolicy } from './retry-with-jitter.ts';
export { type Held, LOCK_STRATEGIES, type LockObserver, type LockStrategy, type SlotLock } from './slot-lock.ts';
