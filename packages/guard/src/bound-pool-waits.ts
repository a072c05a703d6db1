import { longestWaitMs } from '@phaselock/locking';
import { POOL_DEFAULTS, type PoolOptions } from '@phaselock/store';

type PoolWaits = Pick<PoolOptions, 'connectionTimeoutMs' | 'lockTimeoutMs'>;

/**
 * The waits of the pool, none of them longer than the deadline allows: an operation that waits for a connection, or in a statement that sets no
 * lock_timeout of its own, must learn in time that it waited in vain, and for what.
 */
export function boundPoolWaits(given: PoolWaits, deadlineMs: number): Required<PoolWaits> {
  const longest = Math.max(1, Math.floor(longestWaitMs(deadlineMs)));
  // To node-postgres and to PostgreSQL 0 means to wait for ever.
  const bounded = (ms: number): number => (ms === 0 ? longest : Math.min(ms, longest));
  return {
    connectionTimeoutMs: bounded(given.connectionTimeoutMs ?? POOL_DEFAULTS.connectionTimeoutMs),
    lockTimeoutMs: bounded(given.lockTimeoutMs ?? POOL_DEFAULTS.lockTimeoutMs),
  };
}
