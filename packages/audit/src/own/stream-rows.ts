import pg from 'pg';
import type { Row } from '../check.ts';

const HIGH_WATER = 1_000;

type Flow = { pause(): unknown; resume(): unknown };

/**
 * Streams the rows of a statement. While the consumer is slow, the server waits. A cursor is not used, because
 * PostgreSQL runs the query of a cursor on one core.
 */
export async function* streamRows(
  client: pg.Client,
  flow: Flow,
  sql: string,
  values: readonly unknown[],
): AsyncGenerator<Row> {
  const rows: Row[] = [];
  const state: { ended: boolean; failed?: Error } = { ended: false };
  let wake = (): void => undefined;
  const query = new pg.Query<Record<string, string | null>>(sql, [...values]);
  query.on('row', (row) => {
    rows.push(row);
    if (rows.length === HIGH_WATER) flow.pause();
    wake();
  });
  query.on('end', () => {
    state.ended = true;
    wake();
  });
  query.on('error', (error: Error) => {
    state.failed = error;
    wake();
  });
  client.query(query);
  try {
    for (;;) {
      const row = rows.shift();
      if (row !== undefined) {
        yield row;
        continue;
      }
      flow.resume();
      if (state.failed !== undefined) throw state.failed;
      if (state.ended) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    flow.resume();
  }
}
