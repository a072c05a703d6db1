import pg from 'pg';
import { OutOfTime, type TimeLeft, type WhoWaits, within } from './time-left.ts';

export type PoolOptions = {
  readonly url: string;
  /** Connections at the most. Beyond two or three for each core of the server more of them only queue inside PostgreSQL. */
  readonly maxSize?: number;
  /** How long a caller waits for a connection, the queue included, before it is told that the server is unavailable. */
  readonly connectionTimeoutMs?: number;
  /** A connection unused for this long is closed. */
  readonly idleTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  /** How long any statement waits for a lock, unless the transaction sets its own. */
  readonly lockTimeoutMs?: number;
  /** How long any transaction may last, whatever it does. */
  readonly transactionTimeoutMs?: number;
  /** False behind pgbouncer in transaction mode, which refuses startup settings; the transactions that matter set their own. */
  readonly startupSettings?: boolean;
  readonly applicationName?: string;
  /** In whose name something is asked: a caller waits for a connection, and for a statement, no longer than it is waited for itself. */
  readonly whoWaits?: WhoWaits;
};

export const POOL_DEFAULTS = {
  maxSize: 16,
  connectionTimeoutMs: 5_000,
  idleTimeoutMs: 30_000,
  statementTimeoutMs: 15_000,
  lockTimeoutMs: 5_000,
  transactionTimeoutMs: 30_000,
  startupSettings: true,
  applicationName: 'phaselock',
  whoWaits: () => undefined,
} as const satisfies Omit<Required<PoolOptions>, 'url'>;

/** The server's own bound speaks first, and says what happened. */
const CLIENT_GRACE_MS = 1_000;

export type PoolStats = {
  readonly active: number;
  readonly idle: number;
  readonly waiting: number;
  readonly max: number;
  readonly connectionFailures: number;
};

/** node-postgres exposes counts only, so the wait for a connection is timed here. */
export type PoolObserver = {
  waited(seconds: number): void;
  /** A wait that was given up after so long. It is a failed connection as well. */
  waitTimedOut(seconds: number): void;
  connectionFailed(): void;
};

export type Pool = {
  acquire(): Promise<pg.PoolClient>;
  readonly whoWaits: WhoWaits;
  readonly pg: pg.Pool;
  stats(): PoolStats;
  /** At most one at a time: what the application's metrics listen with. */
  observe(observer: PoolObserver): void;
  [Symbol.asyncDispose](): Promise<void>;
};

// Every bigint here is a count that stays far below 2^53; as text it would compare wrongly and add as strings.
const BIGINT_OID = 20;
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid: number, format?: 'text' | 'binary') =>
    oid === BIGINT_OID ? (value: string) => Number(value) : pg.types.getTypeParser(oid, format),
};

export function openPool(given: PoolOptions): Pool {
  const options = { ...POOL_DEFAULTS, ...given };
  const inner = new pg.Pool({
    connectionString: options.url,
    max: options.maxSize,
    connectionTimeoutMillis: options.connectionTimeoutMs,
    idleTimeoutMillis: options.idleTimeoutMs,
    application_name: options.applicationName,
    keepAlive: true,
    types,
    // A server that is frozen, or behind a network that swallows packets, never answers: then the connection is given up.
    query_timeout: options.statementTimeoutMs + CLIENT_GRACE_MS,
    // Statements sent without waiting for the one before: BEGIN with the lock, the last write with COMMIT.
    pipeline: true,
    ...(options.startupSettings && {
      statement_timeout: options.statementTimeoutMs,
      lock_timeout: options.lockTimeoutMs,
      idle_in_transaction_session_timeout: options.transactionTimeoutMs,
      // Every statement here wants the same plan whatever its values: planning the read of a turn anew took longer than running it.
      options: `-c transaction_timeout=${options.transactionTimeoutMs} -c plan_cache_mode=force_generic_plan`,
    }),
  });
  let connectionFailures = 0;
  let observer: PoolObserver = { waited: () => {}, waitTimedOut: () => {}, connectionFailed: () => {} };

  // A checked-out client whose connection dies without a listener takes the process with it; the pool's own listener covers idle ones only.
  inner.on('connect', (client) => client.on('error', () => {}));
  inner.on('error', () => {});

  const whoWaits: WhoWaits = options.whoWaits;
  return {
    pg: inner,
    whoWaits,
    observe(next) {
      observer = next;
    },
    async acquire() {
      const since = performance.now();
      try {
        const client = await connectIn(inner, whoWaits());
        observer.waited((performance.now() - since) / 1000);
        return client;
      } catch (error) {
        connectionFailures += 1;
        if (isWaitTimeout(error)) observer.waitTimedOut((performance.now() - since) / 1000);
        observer.connectionFailed();
        throw error;
      }
    },
    stats: () => ({
      active: inner.totalCount - inner.idleCount,
      idle: inner.idleCount,
      waiting: inner.waitingCount,
      max: options.maxSize,
      connectionFailures,
    }),
    [Symbol.asyncDispose]: async () => {
      if (!inner.ended) await inner.end();
    },
  };
}

function connectIn(pool: pg.Pool, left: TimeLeft | undefined): Promise<pg.PoolClient> {
  if (left === undefined) return pool.connect();
  if (left.remainingMs() <= 0) return Promise.reject(new NoTimeToWait());
  // An idle connection needs no waiting.
  return within(pool.connect(), Math.max(1, left.waitMs()), (client) => client.release());
}

/** Its time was over before it waited, so there is no wait to tell of. */
class NoTimeToWait extends OutOfTime {}

/** In the queue, or for a server that did not answer; node-postgres gives these no code. */
const isWaitTimeout = (error: unknown): boolean =>
  (error instanceof OutOfTime && !(error instanceof NoTimeToWait)) ||
  (error instanceof Error &&
    /timeout exceeded when trying to connect|terminated due to connection timeout/.test(error.message));
