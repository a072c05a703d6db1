import type { QueryResultRow } from 'pg';
import type { Grouping, Statement, Writer } from '../sql.ts';
import type { Transaction } from '../transaction.ts';
import { groupedStatement, groupedValues, rowsByPlace } from './grouped-statement.ts';
import { isRows } from './is-rows.ts';
import { LeftOut } from './left-out.ts';

/** How one of the callers of a shared transaction uses it. */
export type Share = { readonly writer: Writer; commit(): Promise<void>; rollback(): Promise<void> };

export type SharedTransaction = {
  readonly transaction: Transaction;
  readonly callers: number;
  /** How long the transaction waits for callers that have not decided yet. */
  readonly patienceMs: number;
  /** Whether a failed statement certainly wrote nothing. */
  wroteNothing(error: unknown): boolean;
};

type PendingWrite = {
  readonly grouping: Grouping;
  readonly values: readonly unknown[];
  readonly settle: (rows: QueryResultRow[]) => void;
  readonly fail: (error: unknown) => void;
};

/**
 * Lets several callers decide under the locks of one transaction, and commits what they write together as soon as the
 * last of them has decided. A caller that takes too long is left out, so that the others do not wait for it.
 */
export function shareTransaction(shared: SharedTransaction): {
  readonly shares: Share[];
  readonly ended: Promise<void>;
} {
  const { transaction, patienceMs, wroteNothing } = shared;
  const undecided = new Set(Array.from({ length: shared.callers }, (_, index) => index));
  const writes: PendingWrite[] = [];
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  let isClosed = false;

  const close = async (): Promise<void> => {
    if (isClosed) return;
    isClosed = true;
    clearTimeout(timer);
    try {
      const [first] = writes;
      if (first === undefined) return await transaction.rollback();
      const calls = writes.map(({ values }) => values);
      const { grouping } = first;
      const rows = await transaction.queryAndCommit(groupedStatement(grouping), [groupedValues(grouping, calls)]);
      const answers = rowsByPlace(rows, calls.length);
      for (const [index, { settle, fail }] of writes.entries()) {
        const answer = answers[index];
        if (answer === undefined) fail(new LeftOut());
        else settle(answer);
      }
    } catch (error) {
      for (const { fail } of writes) fail(wroteNothing(error) ? new LeftOut({ cause: error }) : error);
    } finally {
      end();
    }
  };
  const timer = setTimeout(() => void close(), patienceMs);

  const decided = (index: number): void => {
    undecided.delete(index);
    if (undecided.size === 0) void close();
  };

  const shareOf = (index: number): Share => {
    const leave = async (): Promise<void> => decided(index);
    const mayUse = (): boolean => !isClosed && undecided.has(index);
    const query = async <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
      if (!mayUse() || statement.reads !== true) throw new LeftOut();
      return await transaction.query<Row>(statement, values);
    };
    const queryAndCommit = async <Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]) => {
      const { grouping } = statement;
      if (!mayUse() || grouping?.write !== 'open_session') throw new LeftOut();
      const written = new Promise<QueryResultRow[]>((settle, fail) => writes.push({ grouping, values, settle, fail }));
      decided(index);
      const rows: unknown = await written;
      if (!isRows<Row>(rows)) throw new TypeError('a shared transaction returned no rows');
      return rows;
    };
    return { writer: { query, queryAndCommit }, commit: leave, rollback: leave };
  };
  const shares = [...undecided].map(shareOf);
  if (shares.length === 0) void close();
  return { shares, ended };
}
