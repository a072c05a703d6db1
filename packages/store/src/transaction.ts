import type { QueryResultRow } from 'pg';
import type { Connection } from './connection.ts';
import { releaseAfter } from './reusable-connection.ts';
import { IN_TIME, knowClock, send, type Wire } from './send-in-time.ts';
import type { Statement, Writer } from './sql.ts';

/** Ended by `queryAndCommit`, `commit` or `rollback`. A later `commit` or `rollback` does nothing. */
export type Transaction = Writer & { commit(): Promise<void>; rollback(): Promise<void> };

/** It acquires its connection at the first statement, which is sent together with BEGIN. */
export function openTransaction(wire: Wire): Transaction {
  let connection: Connection | undefined;
  let ended = false;

  const end = (error?: unknown): void => {
    ended = true;
    if (connection === undefined) return;
    if (error === undefined) connection.release();
    else releaseAfter(connection, error);
    connection = undefined;
  };

  /**
   * Sends the statement, with BEGIN before the first and COMMIT after the `last`, without waiting in between. If one of
   * them fails, the call fails.
   */
  const sendBetween = async <Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
    last: boolean,
  ): Promise<Row[]> => {
    if (ended) throw new Error('the transaction has ended');
    const first = connection === undefined;
    connection ??= await wire.acquire();
    await knowClock(wire, connection, statement);
    const [begun, answered, committed] = await Promise.allSettled([
      first ? connection.query({ text: 'BEGIN' }) : undefined,
      send<Row>(wire, connection, statement, values),
      last ? connection.query({ text: 'COMMIT' }) : undefined,
    ]);
    // A COMMIT after a failed statement rolls back, so the connection is usable again. The statement’s error is
    // thrown, because it names the cause.
    const failed = [begun, answered, committed].find((result) => result.status === 'rejected');
    if (last) end(committed.status === 'rejected' ? committed.reason : undefined);
    // COMMIT was answered, so it rolled back what the failed statement began.
    if (last && answered.status === 'rejected' && committed.status === 'fulfilled') noteNothing(wire, answered.reason);
    if (failed?.status === 'rejected') throw failed.reason;
    return answered.status === 'fulfilled' ? answered.value : [];
  };

  const finish = async (command: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
    if (ended || connection === undefined) {
      ended = true;
      return;
    }
    try {
      await connection.query({ text: command });
      end();
    } catch (error) {
      end(error);
      if (command === 'COMMIT') throw error;
    }
  };

  return {
    query: (statement, values) => sendBetween(statement, values, false),
    queryAndCommit: (statement, values) => sendBetween(statement, values, true),
    // A transaction that was never begun has nothing to commit.
    commit: async () => {
      if (ended || connection === undefined || wire.whoWaits() === undefined) await finish('COMMIT');
      else await sendBetween(IN_TIME, [], true);
    },
    rollback: () => finish('ROLLBACK'),
  };
}

function noteNothing({ wroteNothing }: Wire, error: unknown): void {
  if (error instanceof Error) wroteNothing.add(error);
}
