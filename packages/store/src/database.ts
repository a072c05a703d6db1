import { Kysely, PostgresDialect } from 'kysely';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { type Connection, lend } from './connection.ts';
import { openPool, type Pool, type PoolOptions } from './pool.ts';
import type { Schema } from './schema.ts';
import { type ServerClock, serverClock } from './server-clock.ts';
import { judgedClock, SERVER_CLOCK, type Statement, type Writer } from './sql.ts';
import type { WhoWaits } from './time-left.ts';
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

export function openDatabase(options: PoolOptions, now: () => number = () => performance.now()): Database {
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

  const query: Writer['query'] = async <Row extends QueryResultRow>(
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

  return {
    kysely,
    pool,
    query,
    queryAndCommit: query,
    transaction: () => openTransaction(wire),
    // Kysely only closes the pool, and once is enough.
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

/** What a statement is sent with. */
type Wire = {
  readonly acquire: () => Promise<Connection>;
  readonly whoWaits: WhoWaits;
  readonly clock: ServerClock;
  readonly now: () => number;
};

/** Nothing but the judgement, before a COMMIT that follows no statement which is judged itself. */
const IN_TIME: Statement = { name: 'in_time', text: `select ${judgedClock(1)}`, inTime: 'window' };

const CLOCK: Statement = {
  name: 'server_clock',
  text: 'select (extract(epoch from clock_timestamp()) * 1000)::double precision as server_ms',
};

/** Asked for once, before the first write of a process: after that every write tells it. */
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

/** A caller that still waits was told that it came too late: the server's clock was set since it was last heard, and is known now. */
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

/** Kysely speaks to a client of the driver, and gives it back without a word of what happened to it. */
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
 * An error the server sent leaves the connection usable, one from before anything was sent too; any other may have left it half-open. A plan from
 * before a migration fails on its connection for ever.
 */
function leavesUsable(error: unknown): boolean {
  const fromServer =
    error instanceof Error &&
    'severity' in error &&
    error.severity === 'ERROR' &&
    !('code' in error && error.code === STALE_PLAN);
  return fromServer || error instanceof UnstorableText;
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

  /** The statements before and after need not be waited for: their failure is this one's too. */
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
    // A COMMIT behind a failed statement rolls back, so the connection is clean again; the statement's failure tells more than that.
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
