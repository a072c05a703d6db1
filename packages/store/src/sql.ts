import type { QueryResultRow } from 'pg';

/** A statement with a name is parsed once a connection; the hot ones have names, each in a file of its own. */
export type Statement = {
  readonly name: string;
  readonly text: string;
  /** Its last parameters are the time within which its caller waits, and for how long it can wait for a lock; its rows tell the server's clock. */
  readonly inTime?: 'window' | 'window-and-wait';
};

export type Sql = {
  query<Row extends QueryResultRow>(statement: Statement, values: readonly unknown[]): Promise<Row[]>;
};

/**
 * Where a write goes: straight to the pool, where each statement is a transaction of its own, or into an open transaction. The last write
 * of a transaction travels with its COMMIT, which saves a round trip; on the pool both are the same.
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

const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::double precision';

/** Judged for each row the function returned, so after all the locks it waited for. The call that refuses is only made when it is to. */
const judgedWrite = (call: string, parameters: number): string =>
  `select w.*, ${NOW_MS} as ${SERVER_CLOCK} from ${call} w where ${judgedBy(parameters + 1)}`;

/** True in time, and a failure of the statement otherwise. The window is in two parameters, from this one on. */
const judgedBy = (at: number): string => {
  const [from, until] = [`$${at}::double precision`, `$${at + 1}::double precision`];
  return `(coalesce(${NOW_MS} between ${from} and ${until}, true) or in_time(${from}, ${until}))`;
};

/** For a statement that returns rows of its own: this column of them is the server's clock, and is had in time only. */
export const judgedClock = (at: number): string => `case when ${judgedBy(at)} then ${NOW_MS} end as ${SERVER_CLOCK}`;

/**
 * The same for a function that writes, and is told how long it may wait for a lock. It is done only while its caller waits. The server's clock comes
 * with the answer, so knowing it costs nothing.
 */
export function writeCall(name: string, parameters: number): Statement {
  const list = Array.from({ length: parameters }, (_, index) => `$${index + 1}`).join(', ');
  return { name, text: judgedWrite(`${name}(${list})`, parameters), inTime: 'window' };
}

/**
 * The same for one that is not told. For the rest of the transaction no lock is waited for longer than the caller can wait: set around the first
 * argument, an id, which is evaluated before the function begins. Zero would be for ever.
 */
export function waitingWriteCall(name: string, parameters: number): Statement {
  const wait = `$${parameters + 3}::integer`;
  const bound = `set_config('lock_timeout', greatest(1, ${wait})::text, true)`;
  const first = `case when ${wait} is null or ${bound} is not null then $1::uuid end`;
  const rest = Array.from({ length: parameters - 1 }, (_, index) => `, $${index + 2}`).join('');
  return { name, text: judgedWrite(`${name}(${first}${rest})`, parameters), inTime: 'window-and-wait' };
}

export function firstRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
