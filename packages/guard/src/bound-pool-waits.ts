import { longestWaitMs } from '@phaselock/locking';
import { POOL_DEFAULTS, type PoolOptions } from '@phaselock/store';

type PoolWaits = Pick<PoolOptions, 'connectionTimeoutMs' | 'lockTimeoutMs' | 'statementTimeoutMs'>;

/**
 * The waits of the pool, none of them longer than the deadline allows: an operation that waits for a connection, or in a statement that sets no
 * lock_timeout of its own, must learn in time that it waited in vain, and for what. A statement may wait several times, for a place in the queue
 * and then for the row, each as long as lock_timeout says: as a whole it ends with the deadline, so that nothing is done after the answer.
 */
export function boundPoolWaits(given: PoolWaits, deadlineMs: number): Required<PoolWaits> {
  const longest = Math.max(1, Math.floor(longestWaitMs(deadlineMs)));
  // To node-postgres and to PostgreSQL 0 means to wait for ever.
  const bounded = (ms: number, most = longest): number => (ms === 0 ? most : Math.min(ms, most));
  return {
    connectionTimeoutMs: bounded(given.connectionTimeoutMs ?? POOL_DEFAULTS.connectionTimeoutMs),
    lockTimeoutMs: bounded(given.lockTimeoutMs ?? POOL_DEFAULTS.lockTimeoutMs),
    statementTimeoutMs: bounded(given.statementTimeoutMs ?? POOL_DEFAULTS.statementTimeoutMs, Math.max(1, deadlineMs)),
  };
}
