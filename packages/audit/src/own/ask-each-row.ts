import type { Check, Row } from '../check.ts';
import { databaseFailure } from './database-failure.ts';
import type { ScopeSql } from './scope.ts';
import type { SharedConnections } from './shared-connections.ts';
import { streamRows } from './stream-rows.ts';

/** Streams the rows of one check over a connection that no other check uses meanwhile. */
export async function* askEachRow(
  connections: SharedConnections,
  { sql, fewRows }: Pick<Check, 'sql' | 'fewRows'>,
  { values }: Pick<ScopeSql, 'values'>,
): AsyncGenerator<Row> {
  using lent = await connections.take();
  const { client, flow } = lent.connection;
  try {
    // For few rows, index look-ups are cheaper than hashing the whole history.
    const lookUp = fewRows === true ? '; set local enable_hashjoin = off; set local enable_mergejoin = off' : '';
    await client.query(`savepoint check_${lookUp}`);
    yield* streamRows(client, flow, sql, sql.includes('$1') ? values : []);
  } catch (error) {
    throw databaseFailure(error);
  } finally {
    // Undoes the settings, and keeps the transaction usable for the next checks after a failed statement.
    await client.query('rollback to savepoint check_').catch(() => undefined);
  }
}
