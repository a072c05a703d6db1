import pg from 'pg';
import { OutOfTime, type TimeLeft, type WhoWaits, within } from './time-left.ts';

export type PoolOptions = {
  readonly url: string;
  /** Maximum number of connections. More than two or three per core of the server only queue inside PostgreSQL. */
  readonly maxSize?: number;
  /** How long a caller waits for a connection, including the queue, before it fails as unavailable. */
  readonly connectionTimeoutMs?: number;
  /** A connection unused for this long is closed. */
  readonly idleTimeoutMs?: number;
  readonly statementTimeoutMs?: number;
  /** How long any statement waits for a lock, unless the transaction sets its own. */
  readonly lockTimeoutMs?: number;
  /** Maximum duration of a transaction, idle or busy. */
  readonly transactionTimeoutMs?: number;
  /**
   * False behind pgbouncer in transaction mode, which refuses startup settings; critical transactions set their own
   * time-outs.
   */
  readonly startupSettings?: boolean;
  readonly applicationName?: string;
  /** Returns the remaining time of the current caller, which limits its waits for a connection and for a statement. */
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

/** The client time-out is longer than the server’s by this much, because the server’s error states the cause. */
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
  /** A wait that timed out after this long. It is also reported as a failed connection. */
  waitTimedOut(seconds: number): void;
  connectionFailed(): void;
};

export type Pool = {
  /** Waits as long as the current caller waits, or as `left` says. */
  acquire(left?: TimeLeft): Promise<pg.PoolClient>;
  readonly whoWaits: WhoWaits;
  readonly pg: pg.Pool;
  stats(): PoolStats;
  /** Sets the observer of the application’s metrics; it replaces the previous one. */
  observe(observer: PoolObserver): void;
  [Symbol.asyncDispose](): Promise<void>;
};

// Every bigint here stays below 2^53, so a number is exact. As text, the driver’s default, it would compare wrongly.
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
    // Gives the connection up when the server is frozen, or the network drops packets.
    query_timeout: options.statementTimeoutMs + CLIENT_GRACE_MS,
    // Sends statements without waiting for the previous one: BEGIN with the lock, the last write with COMMIT.
    pipeline: true,
    ...(options.startupSettings && {
      statement_timeout: options.statementTimeoutMs,
      lock_timeout: options.lockTimeoutMs,
      idle_in_transaction_session_timeout: options.transactionTimeoutMs,
      // Every statement here has one good plan for all values: planning the read of a turn took longer than running it.
      options: `-c transaction_timeout=${options.transactionTimeoutMs} -c plan_cache_mode=force_generic_plan`,
    }),
  });
  let connectionFailures = 0;
  let observer: PoolObserver = { waited: () => {}, waitTimedOut: () => {}, connectionFailed: () => {} };

  // Without an error listener, a broken connection would end the process. The pool’s own listener covers only idle
  // clients, not checked-out ones.
  inner.on('connect', (client) => client.on('error', () => {}));
  inner.on('error', () => {});

  const whoWaits: WhoWaits = options.whoWaits;
  return {
    pg: inner,
    whoWaits,
    observe(next) {
      observer = next;
    },
    async acquire(left = whoWaits()) {
      const since = performance.now();
      try {
        const client = await connectIn(inner, left);
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
  // At least 1 ms, because an idle connection is available without waiting.
  return within(pool.connect(), Math.max(1, left.waitMs()), (client) => client.release());
}

/** The caller’s time was over before it waited, so there is no wait to report. */
class NoTimeToWait extends OutOfTime {}

/** Whether a wait in the queue or for the server timed out. node-postgres sets no code on these errors. */
const isWaitTimeout = (error: unknown): boolean =>
  (error instanceof OutOfTime && !(error instanceof NoTimeToWait)) ||
  (error instanceof Error &&
    /timeout exceeded when trying to connect|terminated due to connection timeout/.test(error.message));
