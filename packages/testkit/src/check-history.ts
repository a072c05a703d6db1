import type { Sql } from '@phaselock/store';
import { checkDatabase } from './check-database.ts';
import { lostAcknowledgements, unexplainedBirths } from './check-history-answers.ts';
import { twoRunners } from './check-history-leases.ts';
import { realTimeOrder, staleWrites } from './check-history-order.ts';
import { checkRows } from './check-history-rows.ts';
import type { RecordedOperation, Violation } from './history.ts';
import { doneIn } from './history-effects.ts';

export type CheckHistoryOptions = {
  /** Everybody who wrote to the database recorded it: then what nobody was told of needs an operation without an answer to explain it. */
  readonly complete?: boolean;
};

/** What clients were told, held against each other and against the rows. Generations make it linear: no search for an order is needed. */
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
