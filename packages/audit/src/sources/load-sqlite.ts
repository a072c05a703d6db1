import { SourceFailure } from '../source.ts';

type Sqlite = typeof import('node:sqlite');

/** Loads SQLite on demand, because older versions of Node do not have it and some print a warning on import. */
export function loadSqlite(): Sqlite {
  const sqlite: Sqlite | undefined = process.getBuiltinModule('node:sqlite');
  if (sqlite === undefined) throw new SourceFailure(`SQLite needs Node 22.13 or later; this is ${process.version}`);
  return sqlite;
}
