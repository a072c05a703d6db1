import { existsSync, statSync } from 'node:fs';
import { SourceFailure } from '../source.ts';
import { loadSqlite } from './load-sqlite.ts';

export type SqliteFile = Disposable & {
  rows(sql: string): Iterable<Record<string, unknown>>;
  has(table: string, ...columns: readonly string[]): boolean;
  /** Fails with the name of what is missing. */
  demand(kind: string, table: string, ...columns: readonly string[]): void;
};

const WAIT_FOR_LOCK_MS = 2_000;

/** Somebody else's database, read-only, checked before anything in it is believed. */
export function openSqliteFile(path: string): SqliteFile {
  if (!existsSync(path) || !statSync(path).isFile()) throw new SourceFailure(`${path} is not there, or is no file`);
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
      if (!file.has(table)) throw new SourceFailure(`${path} is no database of ${kind}: the table ${table} is missing`);
      const missing = columns.find((column) => !file.has(table, column));
      if (missing !== undefined)
        throw new SourceFailure(`${path} is no database of ${kind} as far as known: ${table}.${missing} is missing`);
    },
    [Symbol.dispose]: () => database.close(),
  };
  told(() => {
    database.exec(`pragma busy_timeout = ${WAIT_FOR_LOCK_MS}`);
    // One snapshot for all that is read.
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
  if (/not a database/i.test(message)) return 'it is no SQLite database';
  if (/malformed|corrupt/i.test(message)) return `it is damaged (${message})`;
  return message;
}
