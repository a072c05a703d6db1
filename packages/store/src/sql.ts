import type { QueryResultRow } from 'pg';

/** A statement with a name is parsed once a connection; the hot ones have names, each in a file of its own. */
export type Statement = { readonly name: string; readonly text: string };

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

export function firstRow<Row>(rows: readonly Row[]): Row {
  const [row] = rows;
  if (row === undefined) throw new Error('the statement returned no row');
  return row;
}
