import type { LockFlags } from '@phaselock/locking';
import { type Database, type FlagRow, readFlags } from '@phaselock/store';
import type { GuardContext } from './context.ts';
import { type FreshView, freshView } from './fresh-view.ts';

/** The flags as they stand. */
export type Flags = LockFlags & {
  /** The kill switch: off, sessions are created beside each other, as they were before there was a rule. */
  readonly single_session_guard: boolean;
};

export const INITIAL_FLAGS: Flags = {
  single_session_guard: true,
  // Pessimistic locking, since no strategy is named.
  pessimistic_locking_enabled: true,
  locking_strategy: undefined,
};

const FLAG_BOUND_MS = 2_000;

/** While the database cannot be asked the last known flags hold: a kill switch must not flip back by itself. */
export const flagView = (database: Database, { now, time }: Pick<GuardContext, 'now' | 'time'>): FreshView<Flags> =>
  freshView({
    boundMs: FLAG_BOUND_MS,
    now,
    read: () => time.detached(async () => flagsIn(await readFlags(database.kysely))),
    whenUnread: (last) => last ?? INITIAL_FLAGS,
  });

function flagsIn(rows: readonly FlagRow[]): Flags {
  const row = (name: string): FlagRow | undefined => rows.find((candidate) => candidate.name === name);
  const strategy = row('locking_strategy');
  return {
    single_session_guard: row('single_session_guard')?.enabled ?? INITIAL_FLAGS.single_session_guard,
    pessimistic_locking_enabled:
      row('pessimistic_locking_enabled')?.enabled ?? INITIAL_FLAGS.pessimistic_locking_enabled,
    // Its value is only a choice while the flag is on: off, `pessimistic_locking_enabled` decides.
    locking_strategy: strategy?.enabled === true && typeof strategy.value === 'string' ? strategy.value : undefined,
  };
}
