import type { Sql } from '@phaselock/store';
import { checkDatabase } from './check-database.ts';
import { lostAcknowledgements, unexplainedBirths } from './check-history-answers.ts';
import { twoRunners } from './check-history-leases.ts';
import { realTimeOrder, staleWrites } from './check-history-order.ts';
import { checkRows } from './check-history-rows.ts';
import type { RecordedOperation, Violation } from './history.ts';
import { doneIn } from './history-effects.ts';

export type CheckHistoryOptions = {
  /**
   * True if every client that wrote to the database recorded its operations. Only then can a session that no answer
   * names be reported as unexplained.
   */
  readonly complete?: boolean;
};

/**
 * Checks recorded answers against each other and against the database rows. The generations give the order of a slot's
 * sessions, so no search for a valid order is needed.
 */
export async function checkHistory(
  sql: Sql,
  operations: readonly RecordedOperation[],
  { complete = false }: CheckHistoryOptions = {},
): Promise<Violation[]> {
  const done = doneIn(operations);
  return [
    ...(await lostAcknowledgements(sql, done)),
    ...(complete ? await unexplainedBirths(sql, operations, done) : []),
    ...realTimeOrder(done),
    ...staleWrites(done),
    ...(await twoRunners(sql, done)),
    ...(await checkDatabase(sql)),
    ...(await checkRows(sql)),
  ];
}
