import type { PoolClient } from 'pg';
import { lend } from '../connection.ts';
import type { Wire } from '../send-in-time.ts';
import { OutOfTime, type TimeLeft } from '../time-left.ts';

/**
 * Sends for several callers: the server refuses a write once the first of them no longer waits, and a statement is
 * cancelled once none of them waits any more.
 */
export function wireOfGroup(
  wire: Wire,
  acquire: (left: TimeLeft) => Promise<PoolClient>,
  times: readonly TimeLeft[],
): Wire {
  const soonest: TimeLeft = {
    remainingMs: () => Math.min(...times.map((time) => time.remainingMs())),
    waitMs: () => Math.min(...times.map((time) => time.waitMs())),
  };
  const latest: TimeLeft = {
    remainingMs: () => Math.max(...times.map((time) => time.remainingMs())),
    waitMs: () => Math.max(...times.map((time) => time.waitMs())),
  };
  return {
    ...wire,
    whoWaits: () => soonest,
    async acquire() {
      const client = await acquire(latest);
      if (soonest.remainingMs() > 0) return lend(client, () => latest);
      // The wait for the connection was longer than the first caller waits. Nothing is sent for it any more.
      client.release();
      throw new OutOfTime();
    },
  };
}
