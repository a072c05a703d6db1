import { SourceFailure } from '../source.ts';

type Sqlite = typeof import('node:sqlite');

/** Only when it is needed: older versions of Node have none, and some warn as soon as it is imported. */
export function loadSqlite(): Sqlite {
  const sqlite: Sqlite | undefined = process.getBuiltinModule('node:sqlite');
  if (sqlite === undefined) throw new SourceFailure(`SQLite needs Node 22.13 or later; this is ${process.version}`);
  return sqlite;
}
