import type { Check, Row } from '../check.ts';
import { databaseFailure } from './database-failure.ts';
import type { ScopeSql } from './scope.ts';
import type { SharedConnections } from './shared-connections.ts';
import { streamRows } from './stream-rows.ts';

/** The rows of one question, on a connection of its own. */
export async function* askEachRow(
  connections: SharedConnections,
  { sql, fewRows }: Pick<Check, 'sql' | 'fewRows'>,
  { values }: ScopeSql,
): AsyncGenerator<Row> {
  using lent = await connections.take();
  const { client, flow } = lent.connection;
  try {
    // For a handful of rows each is looked up; a hash of the whole history would be built for nothing.
    const lookUp = fewRows === true ? '; set local enable_hashjoin = off; set local enable_mergejoin = off' : '';
    await client.query(`savepoint check_${lookUp}`);
    yield* streamRows(client, flow, sql, sql.includes('$1') ? values : []);
  } catch (error) {
    throw databaseFailure(error);
  } finally {
    // One statement that took too long must not take the others with it, nor what was set for it.
    await client.query('rollback to savepoint check_').catch(() => undefined);
  }
}
