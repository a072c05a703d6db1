import { SourceFailure } from '../source.ts';

type Sqlite = typeof import('node:sqlite');

/** Loads SQLite when a source needs it: older versions of Node do not have it, and some print a warning on loading. */
export function loadSqlite(): Sqlite {
  // Node before 20.16 does not have the function either.
  const sqlite: Sqlite | undefined = process.getBuiltinModule?.('node:sqlite');
  if (sqlite === undefined)
    throw new SourceFailure(`an SQLite source needs Node 22.13 or later; this is ${process.version}`);
  return sqlite;
}
