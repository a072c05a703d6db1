import type { PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { cancelStatement } from './cancel-statement.ts';
import { OutOfTime, type WhoWaits } from './time-left.ts';

/** A connection of the pool while it is lent. A statement on it runs no longer than its caller waits. */
export type Connection = {
  query<Row extends QueryResultRow>(statement: QueryConfig): Promise<QueryResult<Row>>;
  /** Broken, it is closed instead of being used again. */
  release(broken?: boolean): void;
};

/** For a server that is asked to cancel and does not: the connection is cut then, and the caller answered before its own grace is over. */
const CUT_AFTER_MS = 150;

const isCancelled = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === QUERY_CANCELLED;
const QUERY_CANCELLED = '57014';

type Timed = QueryConfig & { readonly query_timeout: number };

export function lend(client: PoolClient, whoWaits: WhoWaits): Connection {
  let cancelled = false;
  const cancel = (): void => {
    if (!cancelled) cancelStatement(client);
    cancelled = true;
  };
  return {
    async query(statement) {
      const left = whoWaits();
      if (left === undefined) return await client.query(statement);
      const remainingMs = left.remainingMs();
      if (remainingMs <= 0) throw new OutOfTime();
      const timer = setTimeout(cancel, remainingMs);
      try {
        const timed: Timed = { ...statement, query_timeout: Math.ceil(remainingMs) + CUT_AFTER_MS };
        return await client.query(timed);
      } catch (error) {
        // A wait for a lock has ended before, by its own bound: what is cancelled here was slow, and nobody else's doing.
        throw cancelled && isCancelled(error) ? new OutOfTime({ cause: error }) : error;
      } finally {
        clearTimeout(timer);
      }
    },
    release: (broken = false) => client.release(broken || cancelled),
  };
}
