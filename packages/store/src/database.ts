import { Kysely, PostgresDialect } from 'kysely';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { openPool, type Pool, type PoolOptions } from './pool.ts';
import type { Schema } from './schema.ts';
import type { Statement, Writer } from './sql.ts';
import { refuseUnstorable, UnstorableText } from './unstorable-text.ts';

/** The one door to PostgreSQL: hot statements by name, everything else through Kysely, on one pool. */
export type Database = Writer & {
  readonly kysely: Kysely<Schema>;
  readonly pool: Pool;
  /** A transaction that takes its connection at the first statement, which travels with BEGIN. */
  transaction(): Transaction;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Ends itself with `queryAndCommit`, `commit` or `rollback`; after the first of them the others do nothing. */
export type Transaction = Writer & { commit(): Promise<void>; rollback(): Promise<void> };

export function openDatabase(options: PoolOptions): Database {
  const pool = openPool(options);
  const kysely = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: { connect: () => pool.acquire(), end: () => pool.pg.end(), options: {} } }),
  });

  const query: Writer['query'] = async <Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ) => {
    const client = await pool.acquire();
    try {
      const { rows } = await send<Row>(client, statement, values);
      client.release();
      return rows;
    } catch (error) {
      releaseAfter(client, error);
      throw error;
    }
  };

  return {
    kysely,
    pool,
    query,
    queryAndCommit: query,
    transaction: () => openTransaction(pool),
    // Kysely only closes the pool, and once is enough.
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

async function send<Row extends QueryResultRow>(
  client: PoolClient,
  { name, text }: Statement,
  values: readonly unknown[],
): Promise<QueryResult<Row>> {
  refuseUnstorable(values);
  return await client.query<Row>({ name, text, values: [...values] });
}

/**
 * An error the server sent leaves the connection usable, one from before anything was sent too; any other may have left it half-open. A plan from
 * before a migration fails on its connection for ever.
 */
function releaseAfter(client: PoolClient, error: unknown): void {
  const fromServer =
    error instanceof Error &&
    'severity' in error &&
    error.severity === 'ERROR' &&
    !('code' in error && error.code === STALE_PLAN);
  client.release(fromServer || error instanceof UnstorableText ? undefined : true);
}

const STALE_PLAN = '0A000';

function openTransaction(pool: Pool): Transaction {
  let client: PoolClient | undefined;
  let ended = false;

  const end = (error?: unknown): void => {
    ended = true;
    if (client === undefined) return;
    if (error === undefined) client.release();
    else releaseAfter(client, error);
    client = undefined;
  };

  /** The statements before and after need not be waited for: their failure is this one's too. */
  const sendBetween = async <Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
    last: boolean,
  ): Promise<Row[]> => {
    if (ended) throw new Error('the transaction has ended');
    const first = client === undefined;
    client ??= await pool.acquire();
    const [begun, answered, committed] = await Promise.allSettled([
      first ? client.query('BEGIN') : undefined,
      send<Row>(client, statement, values),
      last ? client.query('COMMIT') : undefined,
    ]);
    // A COMMIT behind a failed statement rolls back, so the connection is clean again; the statement's failure tells more than that.
    const failed = [begun, answered, committed].find((result) => result.status === 'rejected');
    if (last) end(committed.status === 'rejected' ? committed.reason : undefined);
    if (failed?.status === 'rejected') throw failed.reason;
    return answered.status === 'fulfilled' ? answered.value.rows : [];
  };

  const finish = async (command: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
    if (ended || client === undefined) {
      ended = true;
      return;
    }
    try {
      await client.query(command);
      end();
    } catch (error) {
      end(error);
      if (command === 'COMMIT') throw error;
    }
  };

  return {
    query: (statement, values) => sendBetween(statement, values, false),
    queryAndCommit: (statement, values) => sendBetween(statement, values, true),
    commit: () => finish('COMMIT'),
    rollback: () => finish('ROLLBACK'),
  };
}
