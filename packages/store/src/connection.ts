import type { PoolClient, QueryConfig, QueryResult, QueryResultRow } from 'pg';
import { cancelStatement } from './cancel-statement.ts';
import { OutOfTime, type WhoWaits } from './time-left.ts';

/** A pooled connection in use. A statement on it runs no longer than its caller waits. */
export type Connection = {
  query<Row extends QueryResultRow>(statement: QueryConfig): Promise<QueryResult<Row>>;
  /** A broken connection is closed instead of being returned to the pool. */
  release(broken?: boolean): void;
};

/**
 * If the server ignores the cancel request, the driver gives up this long after it, in time to still answer the caller.
 */
const CUT_AFTER_MS = 150;

const isCancelled = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === QUERY_CANCELLED;
const QUERY_CANCELLED = '57014';

type Timed = QueryConfig & { readonly query_timeout: number };

/** Wraps a pooled client, so that its statements are cancelled when the caller’s time is over. */
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
        // Lock waits end earlier, by `lock_timeout`. So a cancelled statement was slow, not blocked.
        throw cancelled && isCancelled(error) ? new OutOfTime({ cause: error }) : error;
      } finally {
        clearTimeout(timer);
      }
    },
    release: (broken = false) => client.release(broken || cancelled),
  };
}
