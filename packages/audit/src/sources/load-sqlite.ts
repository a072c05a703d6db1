import { SourceFailure } from '../source.ts';

type Sqlite = typeof import('node:sqlite');

/** The first release that opens a database by a URL, which sources need to open one as immutable. */
const NEEDED = { major: 22, minor: 15 };

/** Loads SQLite when a source needs it: older versions of Node do not have it, and some print a warning on loading. */
export function loadSqlite(): Sqlite {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const isOld = major < NEEDED.major || (major === NEEDED.major && minor < NEEDED.minor);
  // Node before 20.16 does not have the function either.
  const sqlite: Sqlite | undefined = isOld ? undefined : process.getBuiltinModule?.('node:sqlite');
  if (sqlite === undefined)
    throw new SourceFailure(
      `an SQLite source needs Node ${NEEDED.major}.${NEEDED.minor} or later; this is ${process.version}`,
    );
  return sqlite;
}
