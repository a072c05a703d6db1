import type { QueryResultRow } from 'pg';

/** A statement with a name is parsed once a connection; the hot ones have names, each in a file of its own. */
export type Statement = {
  readonly name: string;
  readonly text: string;
  /** Its last parameters are the moment until which its caller waits, and for how long it can wait for a lock; its rows tell the server's clock. */
  readonly inTime?: 'until' | 'until-and-wait';
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

const clockColumn = `(extract(epoch from clock_timestamp()) * 1000)::double precision as ${SERVER_CLOCK}`;

/**
 * The same for a function that writes, and is told how long it may wait for a lock. It is done only while its caller waits: the condition is judged
 * for each row the function returned, so after all the locks it waited for. The server's clock comes with the answer, so knowing it costs nothing.
 */
export function writeCall(name: string, parameters: number): Statement {
  const list = Array.from({ length: parameters }, (_, index) => `$${index + 1}`).join(', ');
  const text = `select w.*, ${clockColumn} from ${name}(${list}) w where in_time($${parameters + 1}::double precision)`;
  return { name, text, inTime: 'until' };
}

/** The same for one that is not told: no lock is waited for longer than the caller can wait. Its first parameter is an id. */
export function waitingWriteCall(name: string, parameters: number): Statement {
  const rest = Array.from({ length: parameters - 1 }, (_, index) => `, $${index + 2}`).join('');
  const first = `waiting_at_most($${parameters + 2}::integer, $1::uuid)`;
  const text = `select w.*, ${clockColumn} from ${name}(${first}${rest}) w where in_time($${parameters + 1}::double precision)`;
  return { name, text, inTime: 'until-and-wait' };
}

export function firstRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
