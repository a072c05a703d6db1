import type pg from 'pg';
import type { Row } from '../check.ts';
import type { Connection } from './connect.ts';

/**
 * A pool of connections on one snapshot. Each connection serves one check at a time, because a failed statement blocks
 * its transaction until it is rolled back.
 */
export type SharedConnections = {
  readonly size: number;
  take(): Promise<Disposable & { readonly connection: Connection }>;
  ask(sql: string, values: unknown[]): Promise<Row[]>;
};

export const rowsOf = async (client: pg.Client, sql: string, values: unknown[] = []): Promise<Row[]> =>
  (await client.query<Record<string, string | null>>(sql, values)).rows;

export function shareConnections(all: readonly Connection[]): SharedConnections {
  const free = [...all];
  const waiting: ((connection: Connection) => void)[] = [];
  const give = (connection: Connection): void => {
    const next = waiting.shift();
    if (next === undefined) free.push(connection);
    else next(connection);
  };
  const take: SharedConnections['take'] = async () => {
    const connection = free.shift() ?? (await new Promise<Connection>((resolve) => waiting.push(resolve)));
    return { connection, [Symbol.dispose]: () => give(connection) };
  };
  return {
    size: all.length,
    take,
    async ask(sql, values) {
      using lent = await take();
      return await rowsOf(lent.connection.client, sql, values);
    },
  };
}
