import type { QueryResultRow } from 'pg';
import {
  LOCK_SLOTS,
  type LockedState,
  type LockSlot,
  lockedState,
  lockSlot,
  lockValues,
  type SlotStateRow,
} from '../slot-state.ts';
import type { Statement } from '../sql.ts';
import type { TimeLeft } from '../time-left.ts';
import type { Transaction } from '../transaction.ts';
import { type GroupLimits, groupCalls } from './group-calls.ts';
import { groupedStatement, groupedValues } from './grouped-statement.ts';
import type { WriteObserver } from './grouped-writes.ts';
import { type Share, shareTransaction } from './shared-transaction.ts';

/** A slot that is locked until the transaction has ended. Ending it twice has no effect. */
export type LockedSlot = LockedState & Share;

export type SlotLocks = {
  readonly limits: GroupLimits;
  readonly now: () => number;
  /** The time that the current caller waits. Without a caller, a slot is locked in a transaction of its own. */
  readonly whoWaits: () => TimeLeft | undefined;
  /** Opens a transaction for the current caller. */
  open(): Transaction;
  /** Opens a transaction for callers who wait this long. */
  openFor(times: readonly TimeLeft[]): Transaction;
  /** Whether a failed statement certainly wrote nothing. */
  wroteNothing(error: unknown): boolean;
  readonly observer: WriteObserver;
};

export type LockSlotOptions = {
  /** Locks the slot in a transaction of its own, after `LeftOut`. */
  readonly alone: boolean;
};

type Call = { readonly lock: LockSlot; readonly left: TimeLeft };

type Lasting = LockedSlot & { readonly ended: Promise<void> };

/**
 * Locks slots. Callers that arrive at the same time share a transaction: their slots are locked by one statement, each
 * decides on the state of its own, and what they write is sent as one statement with COMMIT.
 */
export function slotLocks(parts: SlotLocks): (lock: LockSlot, options: LockSlotOptions) => Promise<LockedSlot> {
  const lockInGroups = groupCalls<Call, Lasting>({
    limits: parts.limits,
    now: parts.now,
    keyOf: ({ lock }) => LOCK_SLOTS.keyOf(lockValues(lock)),
    timeLeft: ({ left }) => left,
    alone: ({ lock, left }) => lockAlone(parts.open(), { ...lock, waitMs: Math.min(lock.waitMs, left.waitMs()) }),
    together: (calls) => lockTogether(parts, calls),
    lasts: async (locked) => void (await Promise.all(locked.map(({ ended }) => ended))),
    observer: {
      sent: (calls) => parts.observer.sent('lock_slot', calls),
      leftOut: (calls) => parts.observer.leftOut('lock_slot', calls),
    },
  });
  return async (lock, { alone }) => {
    const left = parts.whoWaits();
    return alone || left === undefined ? await lockAlone(parts.open(), lock) : await lockInGroups({ lock, left });
  };
}

async function lockAlone(transaction: Transaction, lock: LockSlot): Promise<Lasting> {
  try {
    const locked = await lockSlot(transaction, lock);
    const { promise: ended, resolve: end } = Promise.withResolvers<void>();
    return {
      ...locked,
      writer: {
        query: transaction.query,
        queryAndCommit: <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) =>
          transaction.queryAndCommit<Row>(statement, values).finally(end),
      },
      commit: () => transaction.commit().finally(end),
      rollback: () => transaction.rollback().finally(end),
      ended,
    };
  } catch (error) {
    await transaction.rollback();
    throw error;
  }
}

async function lockTogether(
  { limits, openFor, wroteNothing }: SlotLocks,
  calls: readonly Call[],
): Promise<readonly (Lasting | undefined)[]> {
  const transaction = openFor(calls.map(({ left }) => left));
  try {
    const values = calls.map(({ lock }) => lockValues(lock));
    const rows = await transaction.query<SlotStateRow & { readonly place: number }>(groupedStatement(LOCK_SLOTS), [
      groupedValues(LOCK_SLOTS, values),
    ]);
    const { shares, ended } = shareTransaction({
      transaction,
      callers: rows.length,
      patienceMs: limits.countedMs,
      wroteNothing,
    });
    const answers: (Lasting | undefined)[] = calls.map(() => undefined);
    for (const [index, row] of rows.entries()) {
      const [call, share] = [calls[row.place], shares[index]];
      if (call !== undefined && share !== undefined)
        answers[row.place] = { ...lockedState(row, call.lock), ...share, ended };
    }
    return answers;
  } catch {
    // Nothing was written yet, whatever failed. Each call meets its own failure alone.
    await transaction.rollback();
    return calls.map(() => undefined);
  }
}
