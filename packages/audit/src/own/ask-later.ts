import type { Row } from '../check.ts';
import type { Connection } from './connect.ts';
import { rowsOf } from './shared-connections.ts';

export type LaterConnection = AsyncDisposable & {
  readonly ask: (sql: string, values: unknown[]) => Promise<readonly Row[]>;
};

/** A connection that is opened for the first question. Its times are in UTC. */
export function askLater(open: () => Promise<Connection & AsyncDisposable>): LaterConnection {
  const opened: { connection?: Promise<Connection & AsyncDisposable> } = {};
  const inUtc = async (): Promise<Connection & AsyncDisposable> => {
    const connection = await open();
    await connection.client.query(`set local timezone = 'UTC'; savepoint asked_`);
    return connection;
  };
  return {
    ask: async (sql, values) => {
      opened.connection ??= inUtc();
      const { client } = await opened.connection;
      try {
        return await rowsOf(client, sql, values);
      } catch (error) {
        // A failed statement would otherwise fail all later ones.
        await client.query('rollback to savepoint asked_').catch(() => undefined);
        throw error;
      }
    },
    [Symbol.asyncDispose]: async () => {
      const connection = await opened.connection?.catch(() => undefined);
      await connection?.[Symbol.asyncDispose]();
    },
  };
}
