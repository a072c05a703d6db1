import type { DatabaseSync } from 'node:sqlite';
import { SourceFailure } from '../source.ts';
import { loadSqlite } from './load-sqlite.ts';
import { type SqliteSnapshot, takeSqliteSnapshot } from './sqlite-snapshot.ts';

/** A read-only SQLite file of another system. */
export type SqliteFile = {
  /** Remarks for the reader of the report. */
  readonly notes: readonly string[];
  /** The rows of a query. Its values have names, because Node 22 does not bind numbered ones such as `?1`. */
  rows(sql: string, values?: Readonly<Record<string, string>>): Iterable<Record<string, unknown>>;
  has(table: string, ...columns: readonly string[]): boolean;
  /** Throws with the name of a missing table or column. */
  demand(kind: string, table: string, ...columns: readonly string[]): void;
};

const WAIT_FOR_LOCK_MS = 2_000;

/** How often a database that is written while it is read is read again. */
const TRIES = 3;

/**
 * Reads the SQLite file of another system in one snapshot, after checking its integrity, and leaves it as it is. `work`
 * must return everything it needs, and runs again if the file changed meanwhile; a file that changes each time is
 * refused.
 */
export function readSqliteFile<Answer>(path: string, work: (file: SqliteFile) => Answer): Answer {
  for (let tries = 1; ; tries += 1) {
    const read = readOnce(path, work);
    if (!read.changed) return read.answer();
    if (tries === TRIES)
      throw new SourceFailure(
        `${path} changed while it was read, ${TRIES} times; stop the program that writes it, or audit a copy`,
      );
  }
}

/** The answer, or the failure, and whether the file changed before it was complete. */
type Read<Answer> = { readonly changed: boolean; readonly answer: () => Answer };

function readOnce<Answer>(path: string, work: (file: SqliteFile) => Answer): Read<Answer> {
  using snapshot = takeSqliteSnapshot(path);
  try {
    const answer = readFrom(path, snapshot, work);
    return { changed: snapshot.changed(), answer: () => answer };
  } catch (error) {
    // A file that is written meanwhile may look damaged.
    return {
      changed: snapshot.changed(),
      answer: () => {
        throw isFromSqlite(error) ? new SourceFailure(`${path}: ${reasonOf(error)}`, { cause: error }) : error;
      },
    };
  }
}

function readFrom<Answer>(
  path: string,
  { location, readOnly, notes }: SqliteSnapshot,
  work: (file: SqliteFile) => Answer,
): Answer {
  const { DatabaseSync } = loadSqlite();
  const database = new DatabaseSync(location, { readOnly });
  try {
    database.exec(`pragma busy_timeout = ${WAIT_FOR_LOCK_MS}`);
    // One snapshot for all reads.
    database.exec('begin');
    const [check] = database.prepare('pragma quick_check(1)').all();
    const verdict = Object.values(check ?? {})[0];
    if (verdict !== 'ok') throw new SourceFailure(`${path} is damaged: ${String(verdict)}`);
    return work(fileOn(path, database, notes));
  } finally {
    database.close();
  }
}

function fileOn(path: string, database: DatabaseSync, notes: readonly string[]): SqliteFile {
  const file: SqliteFile = {
    notes,
    rows: (sql, values = {}) => database.prepare(sql).iterate(values),
    has: (table, ...columns) => {
      const there = new Set(
        database
          .prepare('select name from pragma_table_info(?)')
          .all(table)
          .map(({ name }) => name),
      );
      return there.size > 0 && columns.every((column) => there.has(column));
    },
    demand: (kind, table, ...columns) => {
      if (!file.has(table)) throw new SourceFailure(`${path} is not a ${kind} database: the table ${table} is missing`);
      const missing = columns.find((column) => !file.has(table, column));
      if (missing !== undefined)
        throw new SourceFailure(`${path} is not a known version of a ${kind} database: ${table}.${missing} is missing`);
    },
  };
  return file;
}

const isFromSqlite = (error: unknown): error is Error =>
  error instanceof Error && 'code' in error && error.code === 'ERR_SQLITE_ERROR';

function reasonOf({ message }: Error): string {
  if (/locked|busy/i.test(message)) return `it is locked by another program (${message})`;
  if (/not a database/i.test(message)) return 'it is not an SQLite database';
  if (/malformed|corrupt/i.test(message)) return `it is damaged (${message})`;
  return message;
}
