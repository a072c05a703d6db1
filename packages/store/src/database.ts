import { Kysely, PostgresDialect } from 'kysely';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { type Connection, lend } from './connection.ts';
import { openPool, type Pool, type PoolOptions } from './pool.ts';
import type { Schema } from './schema.ts';
import { type ServerClock, serverClock } from './server-clock.ts';
import { judgedClock, SERVER_CLOCK, type Statement, type Writer } from './sql.ts';
import type { WhoWaits } from './time-left.ts';
import { DEFAULT_GROUPS, type GroupLimits } from './together/group-calls.ts';
import { groupedWrites, type WriteObserver } from './together/grouped-writes.ts';
import { isRolledBack } from './together/is-rolled-back.ts';
import { refuseUnstorable, UnstorableText } from './unstorable-text.ts';

/** The access to PostgreSQL: frequent statements are prepared by name, all others go through Kysely, on one pool. */
export type Database = Writer & {
  readonly kysely: Kysely<Schema>;
  readonly pool: Pool;
  /** Sets the observer of the application’s metrics; it replaces the previous one. */
  observeGroups(observer: WriteObserver): void;
  /** Opens a transaction. It acquires its connection at the first statement, which is sent together with BEGIN. */
  transaction(): Transaction;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Ended by `queryAndCommit`, `commit` or `rollback`. A later `commit` or `rollback` does nothing. */
export type Transaction = Writer & { commit(): Promise<void>; rollback(): Promise<void> };

export type DatabaseOptions = PoolOptions & { readonly groups?: GroupLimits };

export function openDatabase(
  { groups = DEFAULT_GROUPS, ...options }: DatabaseOptions,
  now: () => number = () => performance.now(),
): Database {
  const pool = openPool(options);
  const { whoWaits } = pool;
  const wire: Wire = {
    acquire: async () => lend(await pool.acquire(), whoWaits),
    whoWaits,
    clock: serverClock(now),
    now,
  };
  const connect = async (): Promise<PoolClient> => {
    const client = await pool.acquire();
    return lendToKysely(client, lend(client, whoWaits));
  };
  const kysely = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: { connect, end: () => pool.pg.end(), options: {} } }),
  });

  const queryAlone: Writer['query'] = async <Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ) => {
    const connection = await wire.acquire();
    try {
      await knowClock(wire, connection, statement);
      const rows = await sendInTime<Row>(wire, connection, statement, values);
      connection.release();
      return rows;
    } catch (error) {
      releaseAfter(connection, error);
      throw error;
    }
  };
  let observer: WriteObserver = { sent: () => {}, leftOut: () => {} };
  const inGroups = groupedWrites({
    limits: groups,
    now,
    acquire: async (latest) => lend(await pool.acquire(latest), () => latest),
    async sendOn(connection, soonest, statement, values) {
      const timed = { ...wire, whoWaits: () => soonest };
      await knowClock(timed, connection, statement);
      return await sendInTime(timed, connection, statement, values);
    },
    release: (connection, error) => (error === undefined ? connection.release() : releaseAfter(connection, error)),
    alone: ({ statement, values }) => queryAlone(statement, values),
    observer: {
      sent: (write, calls) => observer.sent(write, calls),
      leftOut: (write, calls) => observer.leftOut(write, calls),
    },
  });
  const query: Writer['query'] = async <Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ) => {
    const left = whoWaits();
    // Without a caller, there is no time limit that the group could keep.
    if (statement.grouping === undefined || left === undefined) return await queryAlone<Row>(statement, values);
    refuseUnstorable(values);
    const rows: unknown = await inGroups({ statement, values, left }, statement.grouping);
    if (!isRows<Row>(rows)) throw new TypeError('a grouped statement returned no rows');
    return rows;
  };

  return {
    kysely,
    pool,
    query,
    queryAndCommit: query,
    observeGroups(next) {
      observer = next;
    },
    transaction: () => openTransaction(wire),
    // Kysely itself would close nothing but the pool.
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** Rows are typed by the caller of a statement, in a group as alone. */
const isRows = <Row extends QueryResultRow>(rows: unknown): rows is Row[] => Array.isArray(rows);

/** The dependencies of sending a statement. `clock` estimates the clock of the database server. */
type Wire = {
  readonly acquire: () => Promise<Connection>;
  readonly whoWaits: WhoWaits;
  readonly clock: ServerClock;
  readonly now: () => number;
};

/** Only checks that the caller still waits. For a COMMIT that is not sent together with a write and its check. */
const IN_TIME: Statement = { name: 'in_time', text: `select ${judgedClock(1)}`, inTime: 'window' };

const CLOCK: Statement = {
  name: 'server_clock',
  text: 'select (extract(epoch from clock_timestamp()) * 1000)::double precision as server_ms',
};

/**
 * Reads the server’s clock once, before the first write with a time limit (`inTime`), which the server refuses by its
 * own clock once the caller no longer waits. Every such write returns the clock as well.
 */
async function knowClock({ clock, whoWaits, now }: Wire, connection: Connection, { inTime }: Statement): Promise<void> {
  if (inTime === undefined || whoWaits() === undefined || clock.in(0) !== null) return;
  const sentAt = now();
  const { rows } = await connection.query<{ server_ms: number }>(CLOCK);
  for (const { server_ms } of rows) clock.heard(server_ms, sentAt);
}

async function send<Row extends QueryResultRow>(
  { clock, whoWaits, now }: Wire,
  connection: Connection,
  { name, text, inTime }: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  refuseUnstorable(values);
  if (inTime === undefined) return (await connection.query<Row>({ name, text, values: [...values] })).rows;
  const left = whoWaits();
  const window = left === undefined ? [null, null] : [clock.since(), clock.in(left.remainingMs())];
  const wait = left === undefined ? null : Math.ceil(left.waitMs());
  const bounds = inTime === 'window' ? window : [...window, wait];
  const sentAt = now();
  try {
    const { rows } = await connection.query<Row>({ name, text, values: [...values, ...bounds] });
    const [first] = rows;
    if (first !== undefined) hear(clock, Reflect.get(first, SERVER_CLOCK), sentAt);
    for (const row of rows) Reflect.deleteProperty(row, SERVER_CLOCK);
    return rows;
  } catch (error) {
    if (isTooLate(error)) hear(clock, Number(error.detail), sentAt);
    throw error;
  }
}

function hear(clock: ServerClock, serverMs: unknown, sentAt: number): void {
  if (typeof serverMs === 'number' && Number.isFinite(serverMs)) clock.heard(serverMs, sentAt);
}

/**
 * Retries once when a statement was refused as late although its caller still waits: the server’s clock was changed,
 * and the refusal contained its new time.
 */
async function sendInTime<Row extends QueryResultRow>(
  wire: Wire,
  connection: Connection,
  statement: Statement,
  values: readonly unknown[],
): Promise<Row[]> {
  try {
    return await send<Row>(wire, connection, statement, values);
  } catch (error) {
    if (!isTooLate(error) || (wire.whoWaits()?.remainingMs() ?? 0) <= 0) throw error;
    return await send<Row>(wire, connection, statement, values);
  }
}

const isTooLate = (error: unknown): error is { readonly detail: unknown } =>
  error instanceof Error && 'code' in error && error.code === 'PL006' && 'detail' in error;

/** Wraps a client for Kysely, which does not report errors when it releases a client: a broken one must be closed. */
function lendToKysely(client: PoolClient, connection: Connection): PoolClient {
  let broken = false;
  const query = async (text: string, values: readonly unknown[]): Promise<QueryResult<QueryResultRow>> => {
    try {
      return await connection.query({ text, values: [...values] });
    } catch (error) {
      broken ||= !leavesUsable(error);
      throw error;
    }
  };
  const instead = new Map<string | symbol, unknown>([
    ['query', query],
    ['release', () => connection.release(broken)],
  ]);
  return new Proxy(client, {
    get: (target, name): unknown => (instead.has(name) ? instead.get(name) : Reflect.get(target, name)),
  });
}

/**
 * Whether the connection can be reused after an error. It can after an error that the server sent, or that was raised
 * before anything was sent; any other error may leave it half-open. A connection with a stale plan, prepared before a
 * migration, is closed, because the statement would fail on it again.
 */
function leavesUsable(error: unknown): boolean {
  if (error instanceof UnstorableText) return true;
  return isRolledBack(error) && !(error instanceof Error && 'code' in error && error.code === STALE_PLAN);
}

const releaseAfter = (connection: Connection, error: unknown): void => connection.release(!leavesUsable(error));

const STALE_PLAN = '0A000';

function openTransaction(wire: Wire): Transaction {
  let connection: Connection | undefined;
  let ended = false;

  const end = (error?: unknown): void => {
    ended = true;
    if (connection === undefined) return;
    if (error === undefined) connection.release();
    else releaseAfter(connection, error);
    connection = undefined;
  };

  /**
   * Sends the statement, with BEGIN before the first and COMMIT after the `last`, without waiting in between. If one of
   * them fails, the call fails.
   */
  const sendBetween = async <Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
    last: boolean,
  ): Promise<Row[]> => {
    if (ended) throw new Error('the transaction has ended');
    const first = connection === undefined;
    connection ??= await wire.acquire();
    await knowClock(wire, connection, statement);
    const [begun, answered, committed] = await Promise.allSettled([
      first ? connection.query({ text: 'BEGIN' }) : undefined,
      send<Row>(wire, connection, statement, values),
      last ? connection.query({ text: 'COMMIT' }) : undefined,
    ]);
    // A COMMIT after a failed statement rolls back, so the connection is usable again. The statement’s error is
    // thrown, because it names the cause.
    const failed = [begun, answered, committed].find((result) => result.status === 'rejected');
    if (last) end(committed.status === 'rejected' ? committed.reason : undefined);
    if (failed?.status === 'rejected') throw failed.reason;
    return answered.status === 'fulfilled' ? answered.value : [];
  };

  const finish = async (command: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
    if (ended || connection === undefined) {
      ended = true;
      return;
    }
    try {
      await connection.query({ text: command });
      end();
    } catch (error) {
      end(error);
      if (command === 'COMMIT') throw error;
    }
  };

  return {
    query: (statement, values) => sendBetween(statement, values, false),
    queryAndCommit: (statement, values) => sendBetween(statement, values, true),
    // A transaction that was never begun has nothing to commit.
    commit: async () => {
      if (ended || connection === undefined || wire.whoWaits() === undefined) await finish('COMMIT');
      else await sendBetween(IN_TIME, [], true);
    },
    rollback: () => finish('ROLLBACK'),
  };
}
