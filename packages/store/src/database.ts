import { Kysely, PostgresDialect } from 'kysely';
import type { PoolClient, QueryResult, QueryResultRow } from 'pg';
import { type Connection, lend } from './connection.ts';
import { openPool, type Pool, type PoolOptions } from './pool.ts';
import { leavesUsable } from './reusable-connection.ts';
import type { Schema } from './schema.ts';
import { sendAlone, type Wire } from './send-in-time.ts';
import { serverClock } from './server-clock.ts';
import type { LockSlot } from './slot-state.ts';
import type { GroupedWrite, Statement, Writer } from './sql.ts';
import type { TimeLeft } from './time-left.ts';
import { DEFAULT_GROUPS, type GroupLimits } from './together/group-calls.ts';
import { groupedWrites, type WriteObserver } from './together/grouped-writes.ts';
import { isRows } from './together/is-rows.ts';
import { type LockedSlot, type LockSlotOptions, slotLocks } from './together/slot-locks.ts';
import { travelsTogether } from './together/travels-together.ts';
import { wireOfGroup } from './together/wire-of-group.ts';
import { openTransaction, type Transaction } from './transaction.ts';
import { refuseUnstorable } from './unstorable-text.ts';

/** The access to PostgreSQL: frequent statements are prepared by name, all others go through Kysely, on one pool. */
export type Database = Writer & {
  readonly kysely: Kysely<Schema>;
  readonly pool: Pool;
  /** Sets the observer of the application’s metrics; it replaces the previous one. */
  observeGroups(observer: WriteObserver): void;
  /** Opens a transaction. It acquires its connection at the first statement, which is sent together with BEGIN. */
  transaction(): Transaction;
  /** Locks a slot in a transaction, which several callers may share. */
  lockSlot(lock: LockSlot, options: LockSlotOptions): Promise<LockedSlot>;
  [Symbol.asyncDispose](): Promise<void>;
};

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
    wroteNothing: new WeakSet(),
  };
  const connect = async (): Promise<PoolClient> => {
    const client = await pool.acquire();
    return lendToKysely(client, lend(client, whoWaits));
  };
  const kysely = new Kysely<Schema>({
    dialect: new PostgresDialect({ pool: { connect, end: () => pool.pg.end(), options: {} } }),
  });

  let observer: WriteObserver = { sent: () => {}, leftOut: () => {} };
  const shared = {
    limits: groups,
    now,
    wroteNothing: (error: unknown) => error instanceof Error && wire.wroteNothing.has(error),
    observer: {
      sent: (write: GroupedWrite, calls: number) => observer.sent(write, calls),
      leftOut: (write: GroupedWrite, calls: number) => observer.leftOut(write, calls),
    },
  };
  const wireFor = (times: readonly TimeLeft[]): Wire => wireOfGroup(wire, pool.acquire, times);
  const inGroups = groupedWrites({
    ...shared,
    send: (times, statement, values) => sendAlone(wireFor(times), statement, values),
    alone: ({ statement, values }) => sendAlone(wire, statement, values),
  });
  const query: Writer['query'] = async <Row extends QueryResultRow>(
    statement: Statement,
    values: readonly unknown[],
  ) => {
    const left = whoWaits();
    // Without a caller, there is no time limit that the group could keep.
    if (statement.grouping === undefined || left === undefined || !travelsTogether(values, left))
      return await sendAlone<Row>(wire, statement, values);
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
    lockSlot: slotLocks({
      ...shared,
      whoWaits,
      open: () => openTransaction(wire),
      openFor: (times) => openTransaction(wireFor(times)),
    }),
    // Kysely itself would close nothing but the pool.
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  };
}

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
