import { existsSync, statSync } from 'node:fs';
import { SourceFailure } from '../source.ts';
import { loadSqlite } from './load-sqlite.ts';

/** A read-only SQLite file of another system. */
export type SqliteFile = Disposable & {
  rows(sql: string): Iterable<Record<string, unknown>>;
  has(table: string, ...columns: readonly string[]): boolean;
  /** Throws with the name of a missing table or column. */
  demand(kind: string, table: string, ...columns: readonly string[]): void;
};

const WAIT_FOR_LOCK_MS = 2_000;

/** Opens the SQLite file of another system read-only, and checks its integrity before anything is read. */
export function openSqliteFile(path: string): SqliteFile {
  if (!existsSync(path) || !statSync(path).isFile()) throw new SourceFailure(`${path} does not exist or is not a file`);
  const told = <Answer>(work: () => Answer): Answer => {
    try {
      return work();
    } catch (error) {
      throw error instanceof SourceFailure ? error : new SourceFailure(`${path}: ${reasonOf(error)}`, { cause: error });
    }
  };
  const { DatabaseSync } = loadSqlite();
  const database = told(() => new DatabaseSync(path, { readOnly: true }));
  const file: SqliteFile = {
    rows: (sql) => told(() => database.prepare(sql).all()),
    has: (table, ...columns) => {
      const there = new Set(
        told(() => database.prepare('select name from pragma_table_info(?)').all(table)).map(({ name }) => name),
      );
      return there.size > 0 && columns.every((column) => there.has(column));
    },
    demand: (kind, table, ...columns) => {
      if (!file.has(table)) throw new SourceFailure(`${path} is not a ${kind} database: the table ${table} is missing`);
      const missing = columns.find((column) => !file.has(table, column));
      if (missing !== undefined)
        throw new SourceFailure(`${path} is not a known version of a ${kind} database: ${table}.${missing} is missing`);
    },
    [Symbol.dispose]: () => database.close(),
  };
  told(() => {
    database.exec(`pragma busy_timeout = ${WAIT_FOR_LOCK_MS}`);
    // One snapshot for all reads.
    database.exec('begin');
    const [check] = database.prepare('pragma quick_check(1)').all();
    const verdict = Object.values(check ?? {})[0];
    if (verdict !== 'ok') throw new SourceFailure(`${path} is damaged: ${String(verdict)}`);
  });
  return file;
}

function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  if (/locked|busy/i.test(message)) return `it is locked by another program (${message})`;
  if (/not a database/i.test(message)) return 'it is not an SQLite database';
  if (/malformed|corrupt/i.test(message)) return `it is damaged (${message})`;
  return message;
}
