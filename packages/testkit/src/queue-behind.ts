import type { SessionId } from '@phaselock/core';
import { eventually } from './eventually.ts';
import { holdLock } from './hold-lock.ts';
import type { TestGuard } from './open-test-guard.ts';

/** Until this many statements wait for a lock in the database of the test. */
export const callsWaiting = ({ guard }: Pick<TestGuard, 'guard'>, calls: number): Promise<boolean> =>
  eventually(async () => {
    const { rowCount } = await guard.database.pool.pg.query(
      "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
    );
    return rowCount === calls;
  });

/** Two calls come while the row of the session is held, the second when the first waits already; then the row is let go. */
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

/** The lease is over by the database's clock, and nobody has come by yet. */
export async function lapseLease(
  { guard }: Pick<TestGuard, 'guard'>,
  { id }: { readonly id: SessionId },
): Promise<void> {
  await guard.database.pool.pg.query('update sessions set lease_expires_at = clock_timestamp() where id = $1', [id]);
}
