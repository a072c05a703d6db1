import type { SessionId } from '@phaselock/core';
import { eventually } from './eventually.ts';
import { holdLock } from './hold-lock.ts';
import type { TestGuard } from './open-test-guard.ts';

/** Waits until this many statements wait for a lock in the database of the test. */
export const callsWaiting = ({ guard }: Pick<TestGuard, 'guard'>, calls: number): Promise<boolean> =>
  eventually(async () => {
    const { rowCount } = await guard.database.pool.pg.query(
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    );
    return rowCount === calls;
  });

/**
 * Holds the row lock of the session, starts the first call, starts the second once the first waits, then releases the
 * lock.
 */
export async function queueBehind<First, Second>(
  scene: Pick<TestGuard, 'guard' | 'databaseUrl'>,
  { id }: { readonly id: SessionId },
  first: () => Promise<First>,
  second: () => Promise<Second>,
): Promise<{ readonly ahead: First; readonly behind: PromiseSettledResult<Second> }> {
  await using holder = await holdLock(scene.databaseUrl, 'select from sessions where id = $1 for update', [id]);
  const ahead = first();
  await callsWaiting(scene, 1);
  const both = Promise.allSettled([ahead, second()]);
  await callsWaiting(scene, 2);
  await holder.letGo();
  const [settled, behind] = await both;
  if (settled.status === 'rejected') throw settled.reason;
  return { ahead: settled.value, behind };
}

/** Makes the lease expire by the database's clock. No process has noticed the expiry yet. */
export async function lapseLease(
  { guard }: Pick<TestGuard, 'guard'>,
  { id }: { readonly id: SessionId },
): Promise<void> {
  await guard.database.pool.pg.query('update sessions set lease_expires_at = clock_timestamp() where id = $1', [id]);
}
