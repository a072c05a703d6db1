import type { QueryResultRow } from 'pg';

/** Rows are typed by the caller of a statement, whichever way the statement is sent. */
export const isRows = <Row extends QueryResultRow>(rows: unknown): rows is Row[] => Array.isArray(rows);
