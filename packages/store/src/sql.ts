import type { QueryResultRow } from 'pg';

/** A prepared statement: PostgreSQL parses it once per connection. For frequent statements. */
export type Statement = {
  readonly name: string;
  readonly text: string;
  /**
   * Set for a statement that is refused once its caller no longer waits. Its last parameters are the time window and,
   * for `window-and-wait`, the longest wait for a lock. Its rows contain the server’s clock.
   */
  readonly inTime?: 'window' | 'window-and-wait';
  /** Set for a statement that only reads. */
  readonly reads?: true;
  /** Set for a call that may be sent in one statement with others, outside of a transaction. */
  readonly grouping?: Grouping;
};

/** How calls of a function travel together in one statement. */
export type Grouping = {
  /** The function for one call. */
  readonly write: GroupedWrite;
  /** Names the rows that a call locks first. Two calls with one key are never in one group. */
  readonly keyOf: (values: readonly unknown[]) => string;
  /** The place of the parameter that limits lock waits, if the function has one. A group sets its own limit. */
  readonly waitAt?: number;
  readonly way: GroupingWay;
};

export type GroupedWrite =
  | 'lock_slot'
  | 'open_session'
  | 'begin_turn'
  | 'finish_turn'
  | 'heartbeat'
  | 'record_usage'
  | 'report_agent_session'
  | 'append_logs';

export type GroupingWay =
  | {
      /** The function is called for each, once its rows are locked. */
      readonly kind: 'each';
      /** The types of the parameters of the function, in their order. */
      readonly types: readonly string[];
      /**
       * A query on the parameters `i.p1`, `i.p2` … of a call: one row if all rows that it locks could be locked without
       * waiting, none if not. It returns the first parameter as `first`.
       */
      readonly lock: string;
    }
  | {
      /** Another function does it for all at once. It takes an array of objects with these keys as JSON. */
      readonly kind: 'at-once';
      readonly name: string;
      readonly keys: readonly string[];
    };

export type Sql = {
  query<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
};

/**
 * The target of a write: the pool, where each statement is its own transaction, or an open transaction. In a
 * transaction, `queryAndCommit` sends the last write together with COMMIT, which saves a round trip.
 */
export type Writer = Sql & {
  queryAndCommit<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
};

/** Calls a function that returns one row; PL/pgSQL keeps its plans for the life of the connection. */
export function functionCall(name: string, parameters: number): Statement {
  const list = Array.from({ length: parameters }, (_, index) => `$${index + 1}`).join(', ');
  return { name, text: `select * from ${name}(${list})` };
}

export const SERVER_CLOCK = 'server_ms';

export const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::double precision';

/** The time check runs for each row the function returns, so after all its lock waits. */
const judgedWrite = (call: string, parameters: number): string =>
  `select w.*, ${NOW_MS} as ${SERVER_CLOCK} from ${call} w where ${judgedBy(parameters + 1)}`;

/**
 * True within the time window, which is in the parameters `at` and `at + 1`. Otherwise `in_time` makes the statement
 * fail; it is only called then.
 */
export const judgedBy = (at: number): string => {
  const [from, until] = [`$${at}::double precision`, `$${at + 1}::double precision`];
  return `(coalesce(${NOW_MS} between ${from} and ${until}, true) or in_time(${from}, ${until}))`;
};

/**
 * A column with the server’s clock, for a statement that is not a function call. Outside the window the statement
 * fails.
 */
export const judgedClock = (at: number): string => `case when ${judgedBy(at)} then ${NOW_MS} end as ${SERVER_CLOCK}`;

/**
 * Calls a function that writes and takes its longest lock wait as a parameter. The write is refused once the caller no
 * longer waits. The answer contains the server’s clock, so reading the clock costs no round trip.
 */
export function writeCall(name: string, parameters: number): Statement {
  const list = Array.from({ length: parameters }, (_, index) => `$${index + 1}`).join(', ');
  return { name, text: judgedWrite(`${name}(${list})`, parameters), inTime: 'window' };
}

/**
 * Like `writeCall`, for a function without a parameter for the lock wait. Sets `lock_timeout` for the rest of the
 * transaction to the time the caller can wait. This happens in the first argument, an id, because arguments are
 * evaluated before the function begins. At least 1 ms, because 0 means no limit.
 */
export function waitingWriteCall(name: string, parameters: number): Statement {
  const wait = `$${parameters + 3}::integer`;
  const bound = `set_config('lock_timeout', greatest(1, ${wait})::text, true)`;
  const first = `case when ${wait} is null or ${bound} is not null then $1::uuid end`;
  const rest = Array.from({ length: parameters - 1 }, (_, index) => `, $${index + 2}`).join('');
  return { name, text: judgedWrite(`${name}(${first}${rest})`, parameters), inTime: 'window-and-wait' };
}

/** Lets the calls of a function travel together. */
export const grouped = (statement: Statement, grouping: Grouping): Statement => ({ ...statement, grouping });

export function firstRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
