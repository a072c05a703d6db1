import { longestWaitMs } from '@phaselock/locking';
import { POOL_DEFAULTS, type PoolOptions } from '@phaselock/store';

type PoolWaits = Pick<PoolOptions, 'connectionTimeoutMs' | 'lockTimeoutMs' | 'statementTimeoutMs'>;

/**
 * Limits the time-outs of the pool to the deadline. An operation that waits for a connection, or for a lock in a
 * statement without its own lock_timeout, must fail early enough to report what it waited for. One statement may wait
 * for several locks, each up to lock_timeout, so the statement as a whole is limited by the deadline and writes nothing
 * after the answer.
 */
export function boundPoolWaits(given: PoolWaits, deadlineMs: number): Required<PoolWaits> {
  const longest = Math.max(1, Math.floor(longestWaitMs(deadlineMs)));
  // node-postgres and PostgreSQL treat 0 as "no time-out".
  const bounded = (ms: number, most = longest): number => (ms === 0 ? most : Math.min(ms, most));
  return {
    connectionTimeoutMs: bounded(given.connectionTimeoutMs ?? POOL_DEFAULTS.connectionTimeoutMs),
    lockTimeoutMs: bounded(given.lockTimeoutMs ?? POOL_DEFAULTS.lockTimeoutMs),
    statementTimeoutMs: bounded(given.statementTimeoutMs ?? POOL_DEFAULTS.statementTimeoutMs, Math.max(1, deadlineMs)),
  };
}
